import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { waitHealthy } from '../../activities/health.js';
import { statusMatcher } from '../../activities/health-status.js';
import { configSchema, type HealthDefinition } from '../../config/index.js';
import { httpServer } from '../kit/http-server.js';
import { until } from '../kit/process-host.js';

function health(settings: object | 'none'): HealthDefinition {
  const app = { provider: 'process', process: { command: ['x'] }, health: settings };
  const definition = configSchema.parse({ resources: { app } }).resources.app;
  if (definition === undefined) throw new Error('no definition');
  return definition.health;
}

const options = () => ({ signal: new AbortController().signal, heartbeat() {} });

async function closedPort(t: TestContext) {
  const { server, endpoint } = await httpServer(t, (_request, response) => response.end());
  await new Promise((resolve) => server.close(resolve));
  return endpoint;
}

test('expected statuses are a number, a range, or a list of both', () => {
  assert.ok(statusMatcher(204)(204));
  assert.ok(!statusMatcher(204)(200));
  assert.ok(statusMatcher('200-399')(301));
  assert.ok(!statusMatcher('200-399')(400));
  const list = statusMatcher([401, '200-299', '403,418']);
  assert.deepEqual([200, 299, 300, 401, 403, 418, 500].filter(list), [200, 299, 401, 403, 418]);
});

test('a probe asks with path, query and Host header, and follows no redirect', async (t) => {
  const seen: (string | undefined)[] = [];
  const { endpoint, requests } = await httpServer(t, (request, response) => {
    seen.push(request.method, request.url, request.headers.host);
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  await waitHealthy(health({ path: '/ok?deep=1', host: 'app.example' }), endpoint, options());
  assert.deepEqual(seen, ['GET', '/ok?deep=1', 'app.example']);
  assert.equal(requests(), 1);
});

test('it is healthy with the head: a body that never ends is not waited for, its connection closed', async (t) => {
  let closed = false;
  const { endpoint } = await httpServer(t, (request, response) => {
    request.socket.once('close', () => {
      closed = true;
    });
    response.write('first of many');
  });
  await waitHealthy(health({ path: '/' }), endpoint, options());
  await until('the connection is closed', () => closed);
});

test('an unexpected status is asked again until it is the right one', async (t) => {
  const server = await httpServer(t, (_request, response) => {
    response.writeHead(server.requests() < 4 ? 503 : 200).end();
  });
  await waitHealthy(health({ path: '/' }), server.endpoint, options());
  assert.equal(server.requests(), 4);
});

test('a refused port is asked again, with pauses that grow, until it listens', async (t) => {
  const endpoint = await closedPort(t);
  let probes = 0;
  const heartbeat = () => {
    probes++;
    if (probes === 5) server.listen(endpoint.port, endpoint.host);
  };
  const server = createServer((socket) => socket.destroy());
  t.after(() => server.close());
  await waitHealthy(health({ tcp: true }), endpoint, { ...options(), heartbeat });
  assert.ok(probes >= 5);
});

test('a server that is slow to answer is asked once at a time, again when the attempt is given up', async (t) => {
  let open = 0;
  let most = 0;
  const { endpoint, requests } = await httpServer(t, (request) => {
    most = Math.max(most, ++open);
    request.socket.once('close', () => open--);
  });
  const end = new AbortController();
  const waiting = waitHealthy(health({ path: '/', attempt: '50ms' }), endpoint, {
    signal: end.signal,
    heartbeat() {},
  });
  await until('it was asked three times', () => requests() >= 3);
  end.abort(new Error('the test is over'));
  await assert.rejects(waiting, /the test is over/);
  assert.equal(most, 1);
});

test('when its time is over it says what was wrong the last time', async (t) => {
  const settings = { timeout: '150ms', attempt: '50ms', interval: '10ms' };
  const refused = await closedPort(t);
  await assert.rejects(waitHealthy(health({ path: '/', ...settings }), refused, options()), {
    code: 'HEALTH_TIMEOUT',
    message: 'not healthy within 0.15s: connection refused',
  });
  await assert.rejects(waitHealthy(health({ tcp: true, ...settings }), refused, options()), {
    message: /connection refused/,
  });
  const broken = await httpServer(t, (_request, response) => response.writeHead(500).end());
  await assert.rejects(waitHealthy(health({ path: '/', ...settings }), broken.endpoint, options()), {
    message: /status 500|no answer within/,
  });
  const silent = await httpServer(t, () => undefined);
  await assert.rejects(waitHealthy(health({ path: '/', ...settings }), silent.endpoint, options()), {
    message: /no answer within/,
  });
});

test('something that is not HTTP is said to be that', async (t) => {
  const server = createServer((socket) => socket.end('SSH-2.0-test\r\n')).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const settings = { path: '/', timeout: '200ms', interval: '10ms' };
  await assert.rejects(waitHealthy(health(settings), { host: '127.0.0.1', port }, options()), {
    message: /not HTTP|without an answer|no answer/,
  });
});

test('none is healthy at once, and a death before is told at once', async (t) => {
  const endpoint = await closedPort(t);
  await waitHealthy(health('none'), endpoint, options());
  const died = Promise.resolve({ reason: 'the process exited with code 1', log: 'oops\n' });
  await assert.rejects(waitHealthy(health({ tcp: true, timeout: '1h' }), endpoint, { ...options(), died }), {
    code: 'INSTANCE_DIED',
    message: 'the process exited with code 1 before it was healthy',
    log: 'oops\n',
  });
});

test('where the server has to greet, a connection that is only taken is not healthy', async (t) => {
  let greets = false;
  let taken = 0;
  const server = createServer((socket) => {
    taken++;
    socket.on('error', () => undefined);
    if (greets) socket.write('SSH-2.0-x\r\n');
    else socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  let healthy = false;
  const waiting = waitHealthy(
    health({ tcp: true, greets: true }),
    { host: '127.0.0.1', port },
    options(),
  ).then(() => {
    healthy = true;
  });
  await until('it was asked several times', () => taken > 2);
  assert.equal(healthy, false);
  greets = true;
  await waiting;
});
