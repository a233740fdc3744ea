import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { signals, workflowId } from '../../workflows/messages.js';
import { engine, needs } from '../kit/engines.js';
import { app, House } from '../kit/house.js';

const run = promisify(execFile);
const resources = { hello: app() };

async function generation(house: House): Promise<number> {
  const response = await fetch(house.url('/'));
  assert.equal(response.status, 200);
  return ((await response.json()) as { generation: number }).generation;
}

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
        const first = await generation(house);
        await stop(house);
        await house.journaled('end');
        await house.untilAsleep('hello');
        assert.ok((await generation(house)) > first);
        assert.equal(house.journal('start').length, 2);
      }),
  );
}

test('a request during the stop is held and answered by a new generation', () =>
  House.live({ resources: { hello: app({ END_WHEN: 'may-end' }) } }, async (house) => {
    const first = await generation(house);
    await house.resources.stop('hello');
    await house.journaled('term');
    const next = generation(house);
    await house.journaled('term');
    assert.equal(house.journal('start').length, 1);
    house.allow('may-end');
    assert.ok((await next) > first);
    const [ended, started] = [await house.journaled('end'), await house.journaled('start', 2)];
    assert.ok(started.at >= ended.at, 'the next generation starts when the one before has ended');
  }));
