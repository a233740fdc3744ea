import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Config } from '../../config/index.js';
import type { Readiness, ResourceDetails, ResourceHistory } from '../../control/contract.js';
import { startControl } from '../../control/main.js';
import { eventually } from '../kit/conditions.js';
import { codeOf, configOf, HELLO, raw, SECRET } from '../kit/control.js';
import { needs } from '../kit/engines.js';
import { silentLog } from '../kit/silent-log.js';
import { Stack } from '../kit/stack.js';
import { TemporalServer } from '../kit/temporal-server.js';
import { until } from '../kit/throughout.js';

const HELLO_PATH = '/api/v1/resources/hello';

async function startRealControl(t: TestContext, config: Config): Promise<string> {
  const control = { ...config.control, listen: '127.0.0.1:0' };
  const service = await startControl({ config: { ...config, control }, log: silentLog, secret: SECRET });
  t.after(() => service.close());
  return `http://${service.address}`;
}
const post = (url: string) => raw(url, { method: 'POST' });
const show = async (url: string) => JSON.parse((await raw(url + HELLO_PATH)).text) as ResourceDetails;
const checks = async (url: string) => (JSON.parse((await raw(`${url}/readyz`)).text) as Readiness).checks;

test(
  'over a real Temporal and worker a resource is woken, shown and stopped',
  needs('temporal'),
  async (t) => {
    const stack = await Stack.start({ hello: {} });
    t.after(() => stack.close());
    const url = await startRealControl(t, stack.config);
    await eventually('the worker is seen', async () => (await checks(url)).worker.ok);
    assert.equal((await show(url)).phase, 'asleep');
    assert.equal((await post(`${url + HELLO_PATH}/wake?wait=true`)).status, 200);
    const { phase, status, outdated } = await show(url);
    assert.deepEqual([phase, status?.wokenBy, outdated], ['ready', 'by api, 127.0.0.1', undefined]);
    const [run] = await eventually("the server's list has its phase", async () => {
      const runs = await stack.resources.openRuns();
      return runs[0]?.phase === 'ready' ? runs : undefined;
    });
    assert.equal(run?.name, 'hello');
    assert.equal((await stack.resources.status('hello', run?.runId))?.phase, 'ready');
    assert.equal((await post(`${url + HELLO_PATH}/stop?wait=true`)).status, 200);
    assert.equal((await show(url)).phase, 'asleep');
  },
);

test(
  'time awake is read from the executions of a real Temporal, of the open one and of closed ones',
  needs('temporal'),
  async (t) => {
    const stack = await Stack.start({ hello: {} });
    t.after(() => stack.close());
    const cost = { ...stack.config.control.cost, refresh: 1 };
    const url = await startRealControl(t, {
      ...stack.config,
      control: { ...stack.config.control, cost },
    });
    const since = async () => (await show(url)).cost?.since;
    await post(`${url + HELLO_PATH}/wake?wait=true`);
    await eventually('it is seen while open', async () => (await since()) !== undefined);
    const first = await since();
    await post(`${url + HELLO_PATH}/stop?wait=true`);
    await eventually(
      'its end is seen',
      async () => (await stack.resources.runTimes({ closedSince: 0, limit: 10 })).length === 1,
    );
    assert.equal(await since(), first, 'the same time awake, closed now');
  },
);

test(
  'the past is read from the closed executions of a real Temporal, also of one that was terminated',
  needs('temporal'),
  async (t) => {
    const stack = await Stack.start({ hello: {} });
    t.after(() => stack.close());
    const url = await startRealControl(t, stack.config);
    const past = async (count: number) =>
      await eventually(`${count} periods`, async () => {
        const { text } = await raw(`${url + HELLO_PATH}/history`);
        const { periods } = JSON.parse(text) as ResourceHistory;
        return periods.length === count ? periods : undefined;
      });
    await post(`${url + HELLO_PATH}/wake?wait=true`);
    await post(`${url + HELLO_PATH}/stop?wait=true`);
    const [first] = await past(1);
    assert.deepEqual([first?.outcome, first?.boots, first?.wokenBy], ['completed', 1, 'by api, 127.0.0.1']);
    assert.equal(first?.endedBy, 'by api, 127.0.0.1');
    assert.ok(first?.steps.some(({ step }) => step === 'boot'));
    await post(`${url + HELLO_PATH}/wake?wait=true`);
    await stack.temporal.client.workflow.getHandle('resource:hello').terminate('by a test');
    const [second] = await past(2);
    assert.deepEqual([second?.outcome, second?.steps], ['terminated', []]);
  },
);

test(
  'a life that went on in a new history is one awake period, with its wake and from its first run on',
  needs('temporal'),
  async (t) => {
    const stack = await Stack.start({ hello: { idle: { after: '10m' } } });
    t.after(() => stack.close());
    const url = await startRealControl(t, stack.config);
    await post(`${url + HELLO_PATH}/wake?wait=true`);
    const { client } = stack.temporal;
    const { runId: firstRun, startTime } = await client.workflow.getHandle('resource:hello').describe();
    const hasSuccessor = async () => (await stack.resources.openRun('hello')) !== firstRun;
    await until(hasSuccessor, async () => {
      await Promise.all(Array.from({ length: 10 }, () => stack.resources.unpin('hello')));
    });
    const listed = () => stack.resources.closedRuns({ names: ['hello'] }, 10);
    await eventually('the first run is listed as closed', async () => (await listed()).length === 1);
    const periods = async () =>
      (JSON.parse((await raw(`${url + HELLO_PATH}/history`)).text) as ResourceHistory).periods;
    assert.deepEqual(await periods(), [], 'it is still awake');
    await post(`${url + HELLO_PATH}/stop?wait=true`);
    await eventually('its last run is listed', async () => (await listed()).length > 1);
    const [period, ...more] = await periods();
    assert.deepEqual(more, []);
    assert.deepEqual(
      [period?.outcome, period?.boots, period?.wokenBy],
      ['completed', 1, 'by api, 127.0.0.1'],
    );
    assert.ok(period?.steps.some(({ step }) => step === 'boot'));
    assert.ok((period?.start ?? Number.POSITIVE_INFINITY) <= startTime.getTime());
  },
);

test(
  'an awake period that was followed by the next at once has its own end and its own wake',
  needs('temporal'),
  async (t) => {
    const stack = await Stack.start({ hello: { idle: { after: '10m' } } });
    t.after(() => stack.close());
    const url = await startRealControl(t, stack.config);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    stack.provider.beforeStop = () => held;
    await post(`${url + HELLO_PATH}/wake?wait=true`);
    await post(`${url + HELLO_PATH}/stop`);
    await eventually('it is being stopped', () => stack.provider.stops.length === 1);
    await post(`${url + HELLO_PATH}/wake`);
    letGo();
    await eventually('it boots again', () => stack.provider.boots.length === 2);
    const [period] = await eventually('the first period is told', async () => {
      const { text } = await raw(`${url + HELLO_PATH}/history`);
      const { periods } = JSON.parse(text) as ResourceHistory;
      return periods.length === 1 ? periods : undefined;
    });
    assert.deepEqual([period?.endedBy, period?.boots], ['by api, 127.0.0.1', 1]);
    assert.ok(period?.steps.some(({ step }) => step === 'boot'));
  },
);

test(
  'with no worker an awake resource is unknown; with Temporal down it says so, and goes on once it is back',
  needs('temporal'),
  async (t) => {
    const server = await TemporalServer.start();
    t.after(() => server.kill());
    const config = configOf(t, `temporal: { address: "${server.address}" }\n${HELLO}`);
    const url = await startRealControl(t, config);
    assert.equal((await post(`${url + HELLO_PATH}/wake`)).status, 202);
    const { phase, trouble } = await show(url);
    assert.deepEqual([phase, trouble?.code], ['unknown', 'NO_WORKER']);
    assert.deepEqual((await checks(url)).worker, { ok: false, detail: 'no worker polls its queue' });

    await server.kill();
    assert.equal((await checks(url)).temporal.ok, false);
    assert.equal((await raw(`${url}/healthz`)).status, 200);
    assert.equal(codeOf(await post(`${url + HELLO_PATH}/wake`)), 'TEMPORAL_UNREACHABLE');
    assert.equal(codeOf(await raw(url + HELLO_PATH)), 'TEMPORAL_UNREACHABLE');
    // Started while Temporal is away, it is there as well.
    const second = await startRealControl(t, config);
    assert.equal((await raw(`${second}/readyz`)).status, 503);

    await server.run();
    await eventually('Temporal is seen again', async () => (await checks(second)).temporal.ok);
    await eventually('by the first, too', async () => (await checks(url)).temporal.ok);
    assert.equal((await post(`${url + HELLO_PATH}/wake`)).status, 202);
  },
);
