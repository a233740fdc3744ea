import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { ask } from '../kit/house-client.js';
import { WholeHouse } from '../kit/house-up.js';

const engine = needs('temporal');
/** So long that it does not fall asleep while `up` is away; the lease is what an adopted one waits for before it stops. */
const resources = { hello: app({}, { idle: { after: '5m' }, lease: { time: '1s' } }) };
const keep = { resources, top: { onExit: 'keep' } };

for (const to of ['itself', 'group'] as const) {
  test(
    `onExit keep: SIGTERM to up (${to}) leaves what is awake, and the next up goes on with it`,
    engine,
    () =>
      WholeHouse.live(keep, async (house) => {
        const first = await ask(house.url('/'));
        await house.up.end('SIGTERM', to);
        assert.equal(house.up.exitCode, 0);
        assert.deepEqual(house.living(), [first.pid]);
        await house.startUp();
        assert.equal((await ask(house.url('/'))).pid, first.pid);
        assert.equal(house.journal('start').length, 1);
        await house.resources.stop('hello');
        await house.journaled('end');
        await house.untilAsleep('hello');
      }),
  );
}

test('with a new database what runs is adopted, and can be stopped', engine, () =>
  WholeHouse.live(keep, async (house) => {
    const first = await ask(house.url('/'));
    await house.up.end('SIGTERM');
    await house.disconnect();
    for (const end of ['', '-wal', '-shm'])
      rmSync(house.path(`.reveille/temporal.db${end}`), { force: true });
    await house.startUp();
    const status = await eventually('it is adopted', async () => {
      const found = await house.resources.status('hello');
      return found?.phase === 'ready' && found;
    });
    assert.ok(status.generation > first.generation);
    assert.equal((await ask(house.url('/'))).pid, first.pid);
    await house.resources.stop('hello');
    await house.journaled('end');
    assert.equal(house.journal('start').length, 1);
  }),
);

test('onExit stop: SIGTERM to up stops what is awake in order, and leaves no process', engine, () =>
  WholeHouse.live({ resources, top: { onExit: 'stop' } }, async (house) => {
    await ask(house.url('/'));
    await house.up.end('SIGTERM');
    assert.equal(house.up.exitCode, 0);
    assert.equal(house.journal('end').length, 1);
    assert.deepEqual(house.living(), []);
  }),
);
