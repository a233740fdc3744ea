// docs/runbook.md, two instances and a lost Temporal: each fault is there, the lines of the page are run, and it is gone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { ask } from '../kit/house-client.js';
import { environmentOf } from '../kit/house-sweep.js';
import { WholeHouse } from '../kit/house-up.js';
import { followed } from '../kit/runbook.js';

const plan = {
  resources: { app: app({}, { idle: { after: '10m' }, lease: { time: '1s' } }) },
  top: { onExit: 'keep' },
};

test(
  'the lines of the runbook find which of two is one too many, and take over what runs',
  needs('temporal'),
  (t) =>
    WholeHouse.live(plan, async (house) => {
      const { pid } = await ask(house.url('/'));

      await t.test('one was started by hand', () =>
        house.explained(async () => {
          const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
            env: { ...house.env, REVEILLE_RESOURCE: 'app' },
            stdio: 'ignore',
          });
          const gone = once(other, 'exit');
          await eventually('it runs', () => environmentOf(other.pid ?? 0).includes('REVEILLE_RESOURCE=app'));
          const output = await followed(house, 'End the one too many');
          const [, known] = /instance +(\d+)/.exec(output) ?? [];
          const found = [...output.matchAll(/^\/proc\/(\d+)\/environ$/gm)].map(([, one]) => Number(one));
          assert.equal(Number(known), pid, output);
          // Other tests have an `app` as well.
          for (const one of [pid, other.pid]) assert.ok(one && found.includes(one), output);
          await followed(house, 'It is the one that status does not name', {
            filled: { PID: `${other.pid}` },
          });
          await gone;
          assert.equal((await ask(house.url('/'))).pid, pid);
        }),
      );

      await t.test('its workflow was terminated by hand', () =>
        house.explained(async () => {
          await house.connection.client.workflow.getHandle('resource:app').terminate('by hand');
          await followed(house, 'It runs, and status says asleep');
          assert.equal((await ask(house.url('/'))).pid, pid);
          assert.equal(house.journal('start').length, 1);
        }),
      );
    }),
);

test('the lines of the runbook get Temporal back, and what is awake stays so', needs('temporal'), (t) =>
  WholeHouse.live(plan, async (house) => {
    const { pid } = await ask(house.url('/'));

    await t.test('the server hangs', () =>
      house.explained(async () => {
        const former = await house.signal('temporal', 'SIGSTOP');
        await followed(house, 'It does not answer');
        await house.untilRestarted('temporal', former);
        assert.equal((await ask(house.url('/'))).pid, pid);
      }),
    );

    await t.test('its database is damaged', () =>
      house.explained(async () => {
        await house.up.end('SIGTERM');
        await house.disconnect();
        writeFileSync(house.path('.reveille/temporal.db'), 'what a disk makes of it');
        assert.match(await followed(house, 'Its database is damaged or gone'), /app is ready/);
        assert.ok(
          readdirSync(house.path('.reveille')).some((name) => name.startsWith('temporal.db.broken-')),
        );
        assert.equal((await ask(house.url('/'))).pid, pid);
        assert.equal(house.journal('start').length, 1);
      }),
    );
  }),
);
