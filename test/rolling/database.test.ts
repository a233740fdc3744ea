// What Temporal knew is lost while instances are awake: they are adopted, and stopped when their time has come.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { ask } from '../kit/house-client.js';
import { WholeHouse } from '../kit/house-up.js';

const engine = needs('temporal');
const IDLE_MS = 8000;
const LEASE_MS = 1000;
const short = (path: string) => app({}, { idle: { after: '8s' }, lease: { time: '1s' }, routes: [{ path }] });
/** An adopted one waits for the longest lease before it stops, so none is long here. */
const plan = { resources: { one: short('/one'), two: short('/two') }, top: { reconcile: '1s' } };
const names = Object.keys(plan.resources);

test(
  'the database deleted while two instances are awake: both are adopted after a restart, used on, and idle-stopped in their time',
  engine,
  () =>
    WholeHouse.live(plan, async (house) => {
      const before = await wakeAll(house);
      await house.disconnect();
      // As an operator would, or a disk: the files first, then the server.
      for (const end of ['', '-wal', '-shm'])
        rmSync(house.path(`.reveille/temporal.db${end}`), { force: true });
      await house.untilRestarted('temporal', await house.signal('temporal', 'SIGKILL'));
      await adoptedAndIdleStopped(house, before);
    }),
);

test(
  'executions terminated by hand while two instances are awake: both are adopted, used on, and idle-stopped in their time',
  engine,
  () =>
    WholeHouse.live(plan, async (house) => {
      const before = await wakeAll(house);
      for (const name of names)
        await house.connection.client.workflow.getHandle(`resource:${name}`).terminate('by hand');
      await adoptedAndIdleStopped(house, before);
    }),
);

type Awake = { name: string; pid: number; generation: number };

async function wakeAll(house: WholeHouse): Promise<Awake[]> {
  return await Promise.all(names.map(async (name) => ({ name, ...(await ask(house.url(`/${name}`))) })));
}

async function adoptedAndIdleStopped(house: WholeHouse, before: Awake[]): Promise<void> {
  for (const { name, pid, generation } of before) {
    const status = await eventually(`${name} is adopted`, async () => {
      const found = await house.resources.status(name);
      return found?.phase === 'ready' && found;
    });
    assert.ok(status.generation > generation);
    assert.equal((await ask(house.url(`/${name}`))).pid, pid);
  }
  const lastUse = Date.now();
  const ends = await Promise.all(names.map((_, index) => house.journaled('end', index + 1, 60_000)));
  for (const { at } of ends) assert.ok(at >= lastUse + IDLE_MS - LEASE_MS, 'not before its time');
  for (const name of names) await house.untilAsleep(name);
  assert.equal(house.journal('start').length, names.length);
  assert.equal(house.journal('end').length, names.length);
}
