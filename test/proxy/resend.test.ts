import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { answering, GET, OK, type Peer, startBench, startInstance, until } from '../kit/http-bench.js';

/** Answers the first request of a connection, and resets it when a second one comes. */
function stale(peer: Peer): void {
  let requests = 0;
  peer.socket.on('data', () => {
    requests++;
    if (requests === 1) peer.send(OK);
    else peer.socket.resetAndDestroy();
  });
}

test('a safe request on a stale connection is sent again on a fresh one', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, stale);
  bench.gate.wake('app', instance.port);
  await bench.exchange(GET);
  const text = await bench.exchange(GET);
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.equal(instance.peers.length, 2);
  assert.deepEqual(bench.gate.unreachable, []);
  assert.equal(bench.gate.open, 0);
});

test('an unsafe request on a stale connection is not sent again', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, stale);
  bench.gate.wake('app', instance.port);
  await bench.exchange(GET);
  const text = await bench.exchange(GET.replace('GET', 'DELETE'));
  assert.match(text, /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_FAILED/);
  assert.equal(instance.peers.length, 1);
});

/** Takes a request, and resets the connection. */
const breaking = (peer: Peer) => {
  peer.socket.on('data', () => peer.socket.resetAndDestroy());
};

test('a safe request that an instance took while it died is answered by the next one, and the gate is told', async (t) => {
  const bench = await startBench(t);
  const dying = await startInstance(t, breaking);
  bench.gate.wake('app', dying.port);
  const answer = bench.exchange(GET);
  await until(() => bench.gate.held() === 1);
  const next = await startInstance(t, answering(OK));
  bench.gate.wake('app', next.port);
  assert.match(await answer, /^HTTP\/1\.1 200 /);
  assert.deepEqual([dying.peers.length, next.peers.length, bench.gate.unreachable.length], [1, 1, 1]);
});

test('a safe request under which a second instance breaks is given up', async (t) => {
  const bench = await startBench(t);
  const first = await startInstance(t, breaking);
  bench.gate.wake('app', first.port);
  const answer = bench.exchange(GET);
  await until(() => bench.gate.held() === 1);
  const second = await startInstance(t, breaking);
  bench.gate.wake('app', second.port);
  assert.match(await answer, /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_FAILED/);
  assert.deepEqual([first.peers.length, second.peers.length], [1, 1]);
});

test('an unsafe request that broke a fresh connection is not sent again, and the gate is told', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, breaking);
  bench.gate.wake('app', instance.port);
  const text = await bench.exchange(GET.replace('GET', 'DELETE'));
  assert.match(text, /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_FAILED/);
  assert.equal(instance.peers.length, 1);
  assert.equal(bench.gate.unreachable.length, 1);
});

test('a request with a body that was refused a connection goes to the next generation whole', async (t) => {
  const bench = await startBench(t);
  const dead = await startInstance(t);
  bench.gate.wake('app', dead.port);
  await dead.close();
  const answer = bench.exchange(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody',
  );
  await until(() => bench.gate.held() === 1);
  const next = await startInstance(t, (peer) => {
    peer.socket.on('data', () => {
      if (peer.text.endsWith('\r\n\r\nbody')) peer.send(OK);
    });
  });
  bench.gate.wake('app', next.port);
  assert.match(await answer, /^HTTP\/1\.1 200 /);
  assert.match(bench.gate.unreachable[0] ?? '', /ECONNREFUSED/);
});

test('an instance that never accepts is tried a bounded number of times', async (t) => {
  const bench = await startBench(t);
  const dead = await startInstance(t);
  await dead.close();
  bench.gate.onUnreachable = () => bench.gate.wake('app', dead.port);
  bench.gate.wake('app', dead.port);
  const text = await bench.exchange(GET);
  assert.match(text, /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_UNREACHABLE/);
  assert.equal(bench.gate.unreachable.length, 4);
  assert.equal(bench.gate.open, 0);
});

test('a connection that the instance closed while idle is not used', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange(GET);
  const first = await instance.peer(0);
  first.socket.end();
  await once(first.socket, 'close');
  const text = await bench.exchange(GET.replace('GET', 'DELETE'));
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.equal(instance.peers.length, 2);
});

test('connections of an older generation are closed', async (t) => {
  const bench = await startBench(t);
  const old = await startInstance(t, answering(OK));
  bench.gate.wake('app', old.port);
  await bench.exchange(GET);
  const next = await startInstance(t, answering(OK));
  bench.gate.wake('app', next.port);
  await bench.exchange(GET);
  await until(() => old.peers[0]?.ended === true);
  assert.equal(next.peers.length, 1);
});
