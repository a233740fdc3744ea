import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { sourceOf } from '../../access/source.js';
import { startInstance, until } from '../kit/http-bench.js';
import { freePorts } from '../kit/ports.js';
import { startTcpBench, type TcpBench } from '../kit/tcp-bench.js';

const told = (bench: TcpBench, code: string) => bench.lines.some((line) => line.code === code);

test('with wakeAfter a port scan wakes nothing and is no use of what is awake', async (t) => {
  const bench = await startTcpBench(t, { wakeAfter: 1 });
  for (let i = 0; i < 20; i++) {
    const scan = await bench.client();
    scan.socket[i % 2 === 0 ? 'end' : 'resetAndDestroy']();
    await scan.closed();
  }
  await until(() => bench.doors.running === 0);
  assert.deepEqual(bench.gate.reasons, []);
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const silent = await bench.client();
  await until(() => bench.doors.running === 1);
  assert.equal(bench.gate.entered, 0);
  silent.send('x');
  await (await instance.peer(0)).sees('x');
});

test('with wakeAfter a client that stays silent is cut off, and others are served', async (t) => {
  const bench = await startTcpBench(t, { wakeAfter: 3, wakeWithin: '200ms' });
  const instance = await startInstance(t);
  bench.gate.wake('app', instance.port);
  const slow = await bench.client();
  slow.send('ab');
  const quick = await bench.client();
  quick.send('abc');
  await (await instance.peer(0)).sees('abc');
  await slow.closed();
  assert.match(String(slow.error), /ECONNRESET/);
  await until(() => told(bench, 'CLIENT_SILENT'));
  assert.equal(quick.socket.closed, false);
  assert.equal(bench.gate.entered, 1);
});

for (const [name, route] of [
  ['an address that allow does not have', { allow: ['10.0.0.0/8'] }],
  ['an address that deny has, also where allow has it', { allow: ['127.0.0.0/8'], deny: ['127.0.0.1'] }],
  ['everybody, where allow is empty', { allow: [] }],
] as const) {
  test(`${name} is refused and wakes nothing`, async (t) => {
    const bench = await startTcpBench(t, route);
    await bench.turnedAway();
    assert.deepEqual(bench.gate.reasons, []);
    assert.ok(told(bench, 'ADDRESS_DENIED'));
  });
}

test('an address that allow has comes in', async (t) => {
  const bench = await startTcpBench(t, { allow: ['127.0.0.0/8'], deny: ['10.0.0.0/8'] });
  await bench.client();
  await until(() => bench.gate.held() === 1);
});

for (const [key, code] of [
  ['connections', 'CONNECTIONS_FULL'],
  ['perAddress', 'ADDRESS_FULL'],
] as const) {
  test(`one connection more than ${key} of the route is refused, the others stay, and a place comes free`, async (t) => {
    const bench = await startTcpBench(t, { [key]: 2 });
    const instance = await startInstance(t, (peer) => peer.socket.pipe(peer.socket));
    bench.gate.wake('app', instance.port);
    const clients = [await bench.client(), await bench.client()];
    await bench.turnedAway();
    assert.ok(told(bench, code));
    for (const client of clients) client.send('hello');
    for (const client of clients) await client.sees('hello');
    clients[0]?.socket.destroy();
    await until(() => bench.doors.running === 1);
    const next = await bench.client();
    next.send('hello');
    await next.sees('hello');
  });

  test(`one connection more than proxy.limits.${key} is refused at a TCP door`, async (t) => {
    const bench = await startTcpBench(t, {}, { limits: { [key]: 1 } });
    const first = await bench.client();
    await bench.turnedAway();
    assert.ok(told(bench, code));
    assert.equal(first.socket.closed, false);
  });
}

test('trusted peers stand for many: no bound of one address is theirs', async (t) => {
  const bench = await startTcpBench(
    t,
    { perAddress: 1 },
    { trusted: ['127.0.0.1'], limits: { perAddress: 1 } },
  );
  await Promise.all([bench.client(), bench.client(), bench.client()]);
  await until(() => bench.gate.held() === 3);
});

test('a flood beyond the bound is told in a line a second, and all of it counted', async (t) => {
  const bench = await startTcpBench(t, { connections: 1 });
  await bench.client();
  await Promise.all(Array.from({ length: 300 }, () => bench.turnedAway()));
  assert.match(
    await bench.registry.metrics(),
    /^reveille_refused_connections_total\{code="CONNECTIONS_FULL"\} 300$/m,
  );
  assert.ok(bench.lines.filter(({ code }) => code === 'CONNECTIONS_FULL').length < 100);
  assert.equal(bench.doors.running, 1);
});

test('an address of IPv6 counts by its /64', () => {
  assert.equal(sourceOf('2001:db8:1:2:3:4:5:6'), sourceOf('2001:db8:1:2::9'));
  assert.notEqual(sourceOf('2001:db8:1:2::9'), sourceOf('2001:db8:1:3::9'));
  assert.equal(sourceOf('::1'), sourceOf('::2'));
  assert.equal(sourceOf('192.0.2.1'), '192.0.2.1');
});

test('a reload opens and closes doors, and what stands goes on', async (t) => {
  const bench = await startTcpBench(t);
  const instance = await startInstance(t, (peer) => peer.socket.pipe(peer.socket));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  await instance.peer(0);
  const [other = 0] = await freePorts(1);
  await bench.doors.apply(bench.configWith({ tcp: `127.0.0.1:${other}` }));
  const moved = connect(other, '127.0.0.1');
  t.after(() => moved.destroy());
  await instance.peer(1);
  await assert.rejects(bench.client(), /ECONNREFUSED/);
  client.send('still here');
  await client.sees('still here');
});

test('a door that cannot be opened is an error with a name, and the others stay as they are', async (t) => {
  const bench = await startTcpBench(t);
  const taken = await startInstance(t);
  await assert.rejects(bench.doors.apply(bench.configWith({ tcp: `127.0.0.1:${taken.port}` })), {
    code: 'PORT_IN_USE',
  });
  await bench.client();
  await until(() => bench.gate.held() === 1);
});
