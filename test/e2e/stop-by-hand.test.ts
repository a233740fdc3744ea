import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { signals, workflowId } from '../../workflows/messages.js';
import { engine, needs } from '../kit/engines.js';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';
import { WholeHouse } from '../kit/house-up.js';
import { root } from '../kit/scripts.js';

const run = promisify(execFile);
const REVEILLE = join(root, 'bin/reveille.mjs');
const resources = { hello: app() };

async function stopByTctl(house: House): Promise<void> {
  const env = { ...process.env, TEMPORAL_CLI_ADDRESS: house.temporal.address };
  await run(engine('tctl'), ['workflow', 'signal', '-w', 'resource:hello', '-n', 'stop'], { env });
}

async function stopByTemporal(house: House): Promise<void> {
  const where = ['--address', house.temporal.address];
  const what = ['--workflow-id', workflowId('hello'), '--name', signals.stop];
  await run(engine('temporal'), ['workflow', 'signal', ...where, ...what]);
}

for (const [tool, stop] of Object.entries({ tctl: stopByTctl, temporal: stopByTemporal })) {
  test(
    `${tool}'s signal stop without an argument puts it to sleep, and a request wakes it again`,
    needs(tool),
    () =>
      House.live({ resources }, async (house) => {
        const first = await ask(house.url('/'));
        await stop(house);
        await house.journaled('end');
        await house.untilAsleep('hello');
        assert.ok((await ask(house.url('/'))).generation > first.generation);
        assert.equal(house.journal('start').length, 2);
      }),
  );
}

test('a request during the stop is held and answered by a new generation', () =>
  House.live({ resources: { hello: app({ END_WHEN: 'may-end' }) } }, async (house) => {
    const first = await ask(house.url('/'));
    await house.resources.stop('hello');
    await house.journaled('term');
    const next = ask(house.url('/'));
    await house.journaled('term');
    assert.equal(house.journal('start').length, 1);
    house.allow('may-end');
    assert.ok((await next).generation > first.generation);
    const [ended, started] = [await house.journaled('end'), await house.journaled('start', 2)];
    assert.ok(started.at >= ended.at, 'the next generation starts when the one before has ended');
  }));

const tools: Record<string, (house: WholeHouse) => Promise<unknown>> = {
  'reveille stop': (house) => run(process.execPath, [REVEILLE, 'stop', 'hello', '--config', house.file]),
  'the API': async (house) => {
    const response = await fetch(`http://${house.control}/api/v1/resources/hello/stop?wait=true`, {
      method: 'POST',
    });
    assert.equal(response.status, 200, await response.text());
  },
};

for (const [name, stop] of Object.entries(tools)) {
  test(
    `${name} puts it to sleep and returns when it is, and a request wakes it again`,
    needs('temporal'),
    () =>
      WholeHouse.live({ resources }, async (house) => {
        const first = await ask(house.url('/'));
        await stop(house);
        assert.equal(house.journal('end').length, 1);
        assert.ok((await ask(house.url('/'))).generation > first.generation);
      }),
  );
}
