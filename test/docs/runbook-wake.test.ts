// docs/runbook.md, "It does not wake": each fault is there, the lines of the page are run, and it is gone.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { ask, askForProblem } from '../kit/house-client.js';
import { environmentOf } from '../kit/house-sweep.js';
import { WholeHouse } from '../kit/house-up.js';
import { follow, followed } from '../kit/runbook.js';

const engine = needs('temporal');
/** It does not fall asleep by itself, and what has failed is not tried again while the test lasts. */
const lasting = {
  idle: { after: '10m' },
  lease: { time: '1s' },
  backoff: { first: '2m', max: '2m' },
  health: { path: '/health', timeout: '5m' },
};

test('the lines of the runbook wake what does not wake', engine, (t) => {
  const env = { LIVE_WHEN: 'alive', HEALTHY_WHEN: 'well' };
  return WholeHouse.live({ resources: { app: app(env, lasting) } }, async (house) => {
    const check = (name: string, body: (t: TestContext) => Promise<void>) =>
      t.test(name, (t) => house.explained(() => body(t)));

    await check('it does not start: its log says why, and once mended it need not wait', async () => {
      const { status, body } = await askForProblem(house.url('/'));
      assert.deepEqual([status, body.code], [503, 'INSTANCE_DIED']);
      assert.match(await followed(house, 'It does not start'), /these are my last words/);
      house.allow('alive');
      house.allow('well');
      assert.equal((await askForProblem(house.url('/'))).status, 503, 'it waits before it tries again');
      assert.match(await followed(house, 'Try again after a failure'), /app is ready/);
      await eventually('the proxy has forgotten the failure', () => ask(house.url('/')), 60_000);
      assert.match(await followed(house, 'Where to look'), /phase +ready/);
      await house.resources.stop('app');
      await house.untilAsleep('app');
    });

    await check('its health check does not pass: its log and the phase say so', async () => {
      house.deny('well');
      const asked = ask(house.url('/'));
      asked.catch(() => {});
      // The first moments of the check belong to the boot, which most pass at once.
      await eventually('its log and the phase say so', async () =>
        /I am not well.*phase +checking/s.test(
          await followed(house, 'It starts, but its health check does not pass'),
        ),
      );
      house.allow('well');
      await asked;
    });

    await check('the configuration was wrong: it is read, and the next boot is by it', async () => {
      const file = JSON.parse(readFileSync(house.file, 'utf8'));
      const write = () => writeFileSync(house.file, JSON.stringify(file));
      file.resources.app.process.environment = { MENDED: 'yes' };
      write();
      const wrong = await follow(house, 'The configuration was wrong');
      assert.notEqual(wrong.code, 0);
      assert.match(wrong.output, /environment/);
      delete file.resources.app.process.environment;
      file.resources.app.process.env.MENDED = 'yes';
      write();
      await followed(house, 'The configuration was wrong');
      await eventually('status says so', async () =>
        /its definition has changed/.test(await followed(house, 'It wakes again and again')),
      );
      // Each part reads the file for itself: who is quicker than the worker has the old one once more.
      await eventually('it is woken by the new one', async () => {
        await followed(house, 'Try again after a failure');
        const { pid } = await ask(house.url('/'));
        return environmentOf(pid).includes('MENDED=yes');
      });
    });
  });
});
