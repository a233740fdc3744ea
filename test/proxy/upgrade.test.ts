import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  answering,
  type Bench,
  left,
  OK,
  type Peer,
  pump,
  settled,
  startBench,
  startInstance,
  until,
} from '../kit/http-bench.js';

const ASK =
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nX-Forwarded-For: 6.6.6.6\r\nSec-WebSocket-Key: k\r\n\r\n';
const AGREED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n';

interface Joined {
  bench: Bench;
  client: Peer;
  peer: Peer;
}
async function joined(t: Parameters<typeof startBench>[0]): Promise<Joined> {
  const bench = await startBench(t);
  const instance = await startInstance(t, (one) => {
    one.socket.once('data', () => one.send(AGREED));
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client(true);
  client.send(ASK);
  await client.sees('\r\n\r\n');
  return { bench, client, peer: await instance.peer(0) };
}

test('an upgrade is passed on with its fields, and bytes flow both ways', async (t) => {
  const { client, peer } = await joined(t);
  assert.match(
    client.text,
    /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/,
  );
  assert.match(client.text, /\r\nSec-WebSocket-Accept: x\r\n/);
  assert.match(peer.text, /^GET \/ws HTTP\/1\.1\r\n[\s\S]*\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
  assert.match(peer.text, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
  assert.match(peer.text, /\r\nSec-WebSocket-Key: k\r\n/);
  client.send('\x81ping');
  await peer.sees('\x81ping');
  peer.send('\x81pong');
  await client.sees('\x81pong');
});

test('an upgraded connection holds its pass until both ends are closed', async (t) => {
  const { bench, client, peer } = await joined(t);
  assert.equal(bench.gate.open, 1);
  peer.socket.end();
  await until(() => client.ended);
  assert.equal(bench.gate.open, 1);
  client.socket.end();
  await until(() => bench.gate.open === 0);
});

test('the end of one direction leaves the other open', async (t) => {
  const { client, peer } = await joined(t);
  peer.send('last');
  peer.socket.end();
  await client.sees('last');
  await until(() => client.ended);
  assert.equal(peer.ended, false);
});

test('a reset of one end ends the other', async (t) => {
  const { bench, client, peer } = await joined(t);
  peer.socket.resetAndDestroy();
  await left(client);
  await until(() => bench.gate.open === 0);
  const second = await joined(t);
  second.client.socket.resetAndDestroy();
  await left(second.peer);
  await until(() => second.bench.gate.open === 0);
});

test('an upgrade is held while its resource wakes, with what the client sent early', async (t) => {
  const bench = await startBench(t);
  const client = await bench.client();
  client.send(`${ASK}early`);
  await until(() => bench.gate.held() === 1);
  const instance = await startInstance(t, (one) => {
    one.socket.once('data', () => {
      assert.doesNotMatch(one.text, /early/);
      one.send(AGREED);
    });
  });
  bench.gate.wake('app', instance.port);
  const peer = await instance.peer(0);
  await peer.sees('\r\n\r\nearly');
});

test('a client that leaves while it is held frees its place', async (t) => {
  const bench = await startBench(t);
  for (const leave of ['end', 'resetAndDestroy'] as const) {
    const client = await bench.client();
    client.send(ASK);
    await until(() => bench.gate.held() === 1);
    client.socket[leave]();
    await until(() => bench.gate.held() === 0);
  }
});

test('a client that leaves before the answer leaves no connection to the instance', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(ASK);
  const peer = await instance.peer(0);
  await peer.sees('\r\n\r\n');
  client.socket.resetAndDestroy();
  await left(peer);
  await until(() => bench.gate.open === 0);
});

test('a refusal is relayed whole, and nothing the client sends after it reaches the instance', async (t) => {
  const bench = await startBench(t);
  const refusal =
    'HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n';
  const instance = await startInstance(t, answering(refusal));
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange(`${ASK}GET /admin HTTP/1.1\r\nHost: a\r\n\r\n`);
  assert.match(text, /^HTTP\/1\.1 426 Upgrade Required\r\nUpgrade: websocket\r\n/);
  assert.match(text, /\r\n2\r\nno\r\n0\r\n\r\n$/);
  const peer = await instance.peer(0);
  await left(peer);
  assert.doesNotMatch(peer.text, /admin/);
  await until(() => bench.gate.open === 0);
});

test('a refusal that is cut short is cut short for the client', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (one) => {
    one.socket.once('data', () => one.send('HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nsome'));
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(ASK);
  await client.sees('some');
  (await instance.peer(0)).socket.resetAndDestroy();
  await client.closed();
  await until(() => bench.gate.open === 0);
});

test('a large refusal flows to a slow client', async (t) => {
  const bench = await startBench(t);
  const size = 32 * 1024 * 1024;
  const instance = await startInstance(t, ({ socket }) => {
    socket.once('data', () => {
      socket.write(`HTTP/1.1 403 No\r\nContent-Length: ${size}\r\n\r\n`);
      pump(socket, size);
    });
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(ASK);
  client.socket.pause();
  await settled(() => instance.peers[0]?.socket.bytesWritten ?? 0);
  client.socket.resume();
  await client.closed();
  assert.ok(client.bytes > size);
});

test('an instance that refuses the connection is answered by the next generation', async (t) => {
  const bench = await startBench(t);
  const dead = await startInstance(t);
  await dead.close();
  bench.gate.wake('app', dead.port);
  const client = await bench.client();
  client.send(ASK);
  await until(() => bench.gate.held() === 1);
  assert.equal(bench.gate.unreachable.length, 1);
  const instance = await startInstance(t, (one) => {
    one.socket.once('data', () => one.send(AGREED));
  });
  bench.gate.wake('app', instance.port);
  await client.sees('101 Switching');
});

test('an instance that breaks before its answer is answered 502', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (one) => {
    one.socket.once('data', () => one.socket.resetAndDestroy());
  });
  bench.gate.wake('app', instance.port);
  assert.match(await bench.exchange(ASK), /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_FAILED/);
  assert.equal(bench.gate.open, 0);
});

test('an upgrade without a route is answered 404', async (t) => {
  const bench = await startBench(t, { resources: { app: { routes: [{ path: '/app' }] } } });
  assert.match(await bench.exchange(ASK), /^HTTP\/1\.1 404 [\s\S]*ROUTE_UNKNOWN/);
});

test('an upgrade to h2c, with a body too, is served as a plain request', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (one) => {
    one.socket.on('data', () => {
      if (one.text.endsWith('body')) one.send(OK);
    });
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  const head = 'Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n';
  for (let count = 1; count <= 2; count++) {
    client.send(`POST / HTTP/1.1\r\n${head}Content-Length: 4\r\n\r\nbody`);
    await until(() => client.text.match(/\r\n\r\nok/g)?.length === count);
  }
  assert.doesNotMatch((await instance.peer(0)).text, /upgrade|h2c|settings/i);
  assert.equal(bench.gate.open, 0);
});

test('an upgrade behind a request that still waits for its answer ends the connection', async (t) => {
  const bench = await startBench(t);
  const client = await bench.client();
  client.send(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${ASK}`);
  await client.closed();
  assert.equal(client.text, '');
  await until(() => bench.gate.held() === 0 && bench.door.running() === 0);
});
