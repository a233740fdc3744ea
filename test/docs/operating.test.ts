import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { ask } from '../kit/house-client.js';
import { WholeHouse } from '../kit/house-up.js';
import { followed } from '../kit/runbook.js';

const plan = {
  resources: { app: app({}, { idle: { after: '10m' }, lease: { time: '1s' } }) },
  top: { onExit: 'keep' },
};
const page = { page: 'operating.md' };
const absent = ['temporal', 'sqlite3'].map(needs).find(({ skip }) => skip !== false) ?? { skip: false };

test(
  'a backup made by the lines of docs/operating.md while it runs, restored into an empty folder, goes on with what was awake and its pin',
  absent,
  () =>
    WholeHouse.live(plan, async (house) => {
      const { pid, generation } = await ask(house.url('/'));
      await house.resources.pin('app');
      await eventually('it is pinned', async () => (await house.resources.status('app'))?.pinned === true);
      await followed(house, 'Backup', page);
      await house.up.end('SIGTERM');
      await house.disconnect();
      rmSync(house.path('.reveille'), { recursive: true });
      await followed(house, 'Restore', page);
      const status = await eventually('it is known again', () => house.resources.status('app'));
      assert.deepEqual([status.phase, status.generation, status.pinned], ['ready', generation, true]);
      assert.equal((await ask(house.url('/'))).pid, pid);
      assert.equal(house.journal('start').length, 1);
    }),
);
