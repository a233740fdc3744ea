import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';

interface ConfigText {
  resources: Record<string, { process?: { env?: Record<string, string> }; routes?: unknown[] }>;
}

/** Changes the file, and tells worker and proxy as `reveille reload` does. */
function reload(house: House, change: (file: ConfigText) => void): void {
  const file = JSON.parse(readFileSync(house.file, 'utf8')) as ConfigText;
  change(file);
  writeFileSync(house.file, JSON.stringify(file));
  for (const { pid } of [house.worker, house.proxy]) process.kill(pid, 'SIGHUP');
}

test('a resource that is taken out of the configuration is stopped, and its route is gone', () => {
  const one = app();
  const two = app({}, { routes: [{ path: '/two' }] });
  return House.live({ resources: { one, two } }, async (house) => {
    await ask(house.url('/two'));
    reload(house, ({ resources }) => {
      delete resources.two;
    });
    await house.untilAsleep('two');
    assert.equal(house.journal('end').length, 1);
    const routed = () => ask(house.url('/two')).then(({ resource }) => resource === 'one');
    await eventually('the path leads to the other resource', routed);
  });
});

test('an awake resource keeps its definition until its next boot', () => {
  return House.live({ resources: { one: app() } }, async (house) => {
    const { pid } = await ask(house.url('/'));
    const revision = async () => (await house.resources.status('one'))?.revision;
    const before = await revision();
    reload(house, ({ resources: { one } }) => {
      Object.assign(one?.process?.env ?? {}, { CHANGED: 'yes' });
    });
    // The proxy takes the same reload: when it has, the worker's is not far, and neither may touch what is awake.
    assert.equal((await ask(house.url('/again'))).pid, pid);
    assert.equal(await revision(), before);
    await house.resources.stop('one');
    await house.untilAsleep('one');
    await eventually('the next boot has the new definition', async () => {
      await ask(house.url('/'));
      if ((await revision()) !== before) return true;
      await house.resources.stop('one');
      await house.untilAsleep('one');
      return false;
    });
  });
});
