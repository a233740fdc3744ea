import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { probeIdle } from '../../activities/idle-probe.js';
import { type Config, configSchema } from '../../config/index.js';
import { httpServer } from '../kit/http-server.js';
import { isAlive, processHost, until } from '../kit/process-host.js';

const endpoint = { host: '127.0.0.1', port: 4321 };

function ask(config: Config, settings: object, at = endpoint, signal = new AbortController().signal) {
  const app = { provider: 'process', process: { command: ['x'] }, idle: { probe: settings } };
  const probe = configSchema.parse({ resources: { app } }).resources.app?.idle.probe;
  if (probe === undefined) throw new Error('no probe');
  return probeIdle(probe, { name: 'app', generation: 9, endpoint: at, params: {} }, config, signal);
}

test('a 2xx answer says idle, any other says busy', async (t) => {
  const { config } = processHost(t, {});
  const { endpoint: at } = await httpServer(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end();
  });
  assert.deepEqual(await ask(config, { url: '/204' }, at), { idle: true });
  for (const status of [302, 409, 503])
    assert.deepEqual(await ask(config, { url: `/${status}` }, at), { idle: false });
  const absolute = `http://${at.host}:${at.port}/200`;
  assert.deepEqual(await ask(config, { url: absolute }), { idle: true });
});

test('no answer, or none in time, has failed and is not idle', async (t) => {
  const { config } = processHost(t, {});
  const silent = await httpServer(t, () => undefined);
  const late = await ask(config, { url: '/', timeout: '50ms' }, silent.endpoint);
  assert.deepEqual(late, { idle: false, failed: 'no answer within 0.05s' });
  silent.server.closeAllConnections();
  await new Promise((resolve) => silent.server.close(resolve));
  const refused = await ask(config, { url: '/' }, silent.endpoint);
  assert.deepEqual(refused, { idle: false, failed: 'connection refused' });
});

test('a command says idle by exit code 0, busy by any other, and knows whom it is asked about', async (t) => {
  const { config, folder } = processHost(t, {});
  const words = '$REVEILLE_RESOURCE $REVEILLE_GENERATION $REVEILLE_HOST $REVEILLE_PORT';
  assert.deepEqual(await ask(config, { command: ['sh', '-c', `echo "${words}" > asked`] }), { idle: true });
  assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'app 9 127.0.0.1 4321\n');
  assert.deepEqual(await ask(config, { command: ['sh', '-c', 'exit 3'] }), { idle: false });
});

test('a command that is missing or killed has failed', async (t) => {
  const { config } = processHost(t, {});
  const missing = await ask(config, { command: ['no-such-probe'] });
  assert.equal(missing.idle, false);
  assert.match(missing.failed ?? '', /no-such-probe .*ENOENT/);
  const killed = await ask(config, { command: ['sh', '-c', 'echo out of memory >&2; kill -9 $$'] });
  assert.deepEqual(killed, { idle: false, failed: 'the command was killed by SIGKILL: out of memory' });
});

test('a command that takes too long is ended with all that it started', async (t) => {
  const { config, folder } = processHost(t, {});
  const command = ['sh', '-c', 'trap "" TERM; sleep 600 & echo $! > pid; wait'];
  const result = await ask(config, { command, timeout: '500ms' });
  assert.deepEqual(result, { idle: false, failed: 'no answer within 0.5s' });
  if (!existsSync(join(folder, 'pid'))) return;
  const child = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  await until('the child is gone', () => !isAlive(child));
});

test('an aborted probe rejects with the reason', async (t) => {
  const { config } = processHost(t, {});
  const end = new AbortController();
  const asked = ask(config, { command: ['sleep', '600'] }, endpoint, end.signal);
  end.abort(new Error('stopped meanwhile'));
  await assert.rejects(asked, /stopped meanwhile/);
});
