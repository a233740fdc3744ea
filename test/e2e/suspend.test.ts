import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';

const idle = { after: '1s', then: 'suspend' };

test('a resource that is suspended when idle goes on where it was: the same process, a new generation', () => {
  return House.live({ resources: { one: app({}, { idle }) } }, async (house) => {
    const before = await ask(house.url('/'));
    await house.untilAsleep('one');
    assert.equal(house.journal('end').length, 0);
    const after = await ask(house.url('/'));
    assert.equal(after.pid, before.pid);
    assert.equal(house.journal('start').length, 1);
    const generation = (await house.resources.status('one'))?.generation ?? 0;
    assert.ok(generation > before.generation);
  });
});

test('a resource that is suspended can be put to sleep again and again, and stopped for good', () => {
  return House.live({ resources: { one: app({}, { idle }) } }, async (house) => {
    for (let round = 0; round < 3; round++) {
      await ask(house.url('/'));
      await house.untilAsleep('one');
    }
    await ask(house.url('/'));
    await house.resources.stop('one', { then: 'stop' });
    await house.untilAsleep('one');
    await house.journaled('end');
    assert.equal(house.journal('start').length, 1);
  });
});

test('delete ends what is suspended, though no execution runs', () => {
  return House.live({ resources: { one: app({}, { idle }) } }, async (house) => {
    await ask(house.url('/'));
    await house.untilAsleep('one');
    await house.resources.remove('one');
    await house.journaled('end');
    await house.untilAsleep('one');
    assert.equal(house.journal('start').length, 1);
  });
});
