import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ReveilleError } from '../../errors/index.js';
import { left, pump, settled, startInstance, until } from '../kit/http-bench.js';
import { startTcpBench } from '../kit/tcp-bench.js';

const MIB = 2 ** 20;

test('SB14: what a client sends while it is held reaches the instance first, in order', async (t) => {
  const bench = await startTcpBench(t);
  const client = await bench.client();
  client.send('one ');
  await until(() => bench.gate.held() === 1);
  client.send('two ');
  const instance = await startInstance(t, (peer) => peer.send('hello '));
  bench.gate.wake('app', instance.port);
  client.send('three');
  await client.sees('hello ');
  const peer = await instance.peer(0);
  await peer.sees('one two three');
  assert.equal(bench.gate.entered, 1);
  assert.equal(bench.gate.open, 1);
});

test('an open connection is use, and its end on both sides gives the pass back', async (t) => {
  const bench = await startTcpBench(t);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  const peer = await instance.peer(0);
  client.socket.end();
  await until(() => peer.ended);
  assert.equal(bench.gate.open, 1);
  peer.socket.end();
  await client.closed();
  await until(() => bench.gate.open === 0 && bench.doors.running === 0);
});

test('a half-close is passed on in both directions, also where it came while the client was held', async (t) => {
  const bench = await startTcpBench(t);
  const client = await bench.client();
  client.send('question');
  client.socket.end();
  await until(() => bench.gate.held() === 1);
  const instance = await startInstance(t, (peer) => {
    peer.socket.on('end', () => {
      peer.send(`answer to ${peer.text}`);
      peer.socket.end();
    });
  });
  bench.gate.wake('app', instance.port);
  await client.closed();
  assert.equal(client.text, 'answer to question');
  assert.equal(client.error, undefined);
});

test('an instance that ends first still hears what the client has to say', async (t) => {
  const bench = await startTcpBench(t);
  const instance = await startInstance(t, (peer) => peer.socket.end('bye'));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  await until(() => client.ended);
  client.socket.end('thanks');
  const peer = await instance.peer(0);
  await peer.closed();
  assert.equal(peer.text, 'thanks');
});

test('a held client that leaves frees its place', async (t) => {
  const bench = await startTcpBench(t);
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    const client = await bench.client();
    await until(() => bench.gate.held() === 1);
    client.socket[leave]();
    await until(() => bench.gate.held() === 0 && bench.doors.running === 0);
  }
});

test('of a held client no more than the bound is read', async (t) => {
  const bench = await startTcpBench(t, { buffer: '64KiB' });
  const client = await bench.client();
  const sent = pump(client.socket, 64 * MIB);
  await until(() => bench.gate.held() === 1);
  const before = process.memoryUsage();
  await settled(sent);
  // What the kernel's buffers take is gone from here; what the proxy reads is in this process too.
  const { external, arrayBuffers } = process.memoryUsage();
  assert.ok(external + arrayBuffers - before.external - before.arrayBuffers < 8 * MIB);
  assert.ok(sent() < 64 * MIB);
  const instance = await startInstance(t, () => {}, { keep: false });
  bench.gate.wake('app', instance.port);
  await until(() => (instance.peers[0]?.bytes ?? 0) >= 64 * MIB);
});

for (const way of ['up', 'down'] as const) {
  test(`a slow reader slows the sender down, and all of it comes (${way})`, async (t) => {
    const bench = await startTcpBench(t);
    const instance = await startInstance(t, () => {}, { keep: false });
    bench.gate.wake('app', instance.port);
    const client = await bench.client();
    const peer = await instance.peer(0);
    const [from, to] = way === 'up' ? [client, peer] : [peer, client];
    const hash = createHash('sha256');
    to.socket.on('data', (chunk) => hash.update(chunk)).pause();
    const size = 32 * MIB;
    const sent = pump(from.socket, size);
    assert.ok((await settled(sent)) < size);
    to.socket.resume();
    await until(() => to.bytes === size);
    assert.equal(hash.digest('hex'), createHash('sha256').update(Buffer.alloc(size, 'x')).digest('hex'));
  });
}

test('an instance that refuses is told unreachable, and the next generation gets it all', async (t) => {
  const bench = await startTcpBench(t);
  const dead = await startInstance(t);
  await dead.close();
  bench.gate.wake('app', dead.port);
  const client = await bench.client();
  client.send('hello');
  await until(() => bench.gate.held() === 1);
  assert.equal(bench.gate.unreachable.length, 1);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  await (await instance.peer(0)).sees('hello');
  assert.equal(bench.gate.open, 1);
});

test('where no try succeeds the connection is reset, and the log names the error', async (t) => {
  const bench = await startTcpBench(t);
  const dead = await startInstance(t);
  await dead.close();
  bench.gate.onUnreachable = () => bench.gate.wake('app', dead.port);
  bench.gate.wake('app', dead.port);
  const client = await bench.client();
  await client.closed();
  assert.match(String(client.error), /ECONNRESET/);
  await until(() => bench.lines.some(({ code }) => code === 'UPSTREAM_UNREACHABLE'));
  assert.equal(bench.gate.unreachable.length, 4);
  assert.equal(bench.gate.open, 0);
});

test('SB12: a boot that fails resets the connection, and the log names the failure', async (t) => {
  const bench = await startTcpBench(t);
  const client = await bench.client();
  await until(() => bench.gate.held() === 1);
  bench.gate.fail('app', new ReveilleError('BOOT_FAILED', 'exit code 3'));
  await client.closed();
  assert.match(String(client.error), /ECONNRESET/);
  await until(() => bench.lines.some(({ code }) => code === 'BOOT_FAILED'));
});

test('a reset of the instance is a reset for the client, and the other way round', async (t) => {
  const bench = await startTcpBench(t);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const first = await bench.client();
  (await instance.peer(0)).socket.resetAndDestroy();
  await first.closed();
  assert.match(String(first.error), /ECONNRESET/);
  const second = await bench.client();
  const peer = await instance.peer(1);
  second.socket.resetAndDestroy();
  await peer.closed();
  assert.match(String(peer.error), /ECONNRESET/);
  await until(() => bench.gate.open === 0);
});

test('no connection is cut for being idle unless the route says so', async (t) => {
  const bench = await startTcpBench(t, { idle: '300ms' });
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  await instance.peer(0);
  await client.closed();
  await until(() => bench.lines.some(({ code }) => code === 'CONNECTION_IDLE'));
  await bench.doors.apply(bench.configWith({}));
  const patient = await bench.client();
  const peer = await instance.peer(1);
  // Longer than the one before lived.
  await new Promise((resolve) => setTimeout(resolve, 600));
  peer.send('still here');
  await patient.sees('still here');
});

test('at the end of the proxy connections have the drain time, then they are cut off', async (t) => {
  const bench = await startTcpBench(t);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  const peer = await instance.peer(0);
  const closing = bench.doors.close(300);
  peer.send('last words');
  await client.sees('last words');
  await closing;
  await left(client);
  assert.equal(bench.gate.open, 0);
});
