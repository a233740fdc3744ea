import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import express from 'express';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { WakeLimits } from '../../proxy/access/wake-limits.js';
import { ConnectionGuard } from '../../proxy/connection-guard.js';
import { createFrontDoor } from '../../proxy/front-door.js';
import { TcpDoors } from '../../proxy/tcp/doors.js';
import { FakeGate } from '../kit/fake-gate.js';
import { answering, configOf, dial, OK, startInstance, until } from '../kit/http-bench.js';
import { freePorts } from '../kit/ports.js';

const log = pino({ level: 'silent' });

test('SB14: a TCP door leads to a pool, for any protocol: who is awake serves, by address or by load', async (t) => {
  const [numbered = 0, named = 0] = await freePorts(2);
  const config = configOf({
    resources: {
      db: { pool: { max: 3, per: 1 }, routes: [{ tcp: `127.0.0.1:${numbered}` }] },
      one: {},
      two: {},
    },
    pools: {
      pair: { members: ['one', 'two'], select: 'clientAddress', routes: [{ tcp: `127.0.0.1:${named}` }] },
    },
  });
  const gate = new FakeGate();
  const registry = new Registry();
  const guard = new ConnectionGuard(config, registry, log);
  const doors = new TcpDoors({ config, gate, log, registry, guard, limits: new WakeLimits(config) });
  await doors.apply(config);
  t.after(() => doors.close(0));
  await dial(t, numbered);
  await until(() => gate.asked.length === 1);
  assert.deepEqual(gate.asked[0], { resource: 'db--1', params: { member: '1' } });
  gate.standings.set('db--1', { standing: 'awake', load: 1 });
  gate.standings.set('db--2', { standing: 'awake', load: 0 });
  const instance = await startInstance(t, (peer) => peer.send('hello\n'));
  gate.wake('db--2', instance.port);
  await (await dial(t, numbered)).sees('hello');
  for (let i = 0; i < 4; i++) await dial(t, named);
  await until(() => gate.asked.length === 5);
  const served = new Set(gate.asked.slice(1).map(({ resource }) => resource));
  assert.equal(served.size, 1, 'one address, one member');
});

test('VP23: in an express program a pool serves behind a mount, and the rest is the program’s', async (t) => {
  const gate = new FakeGate();
  const config = configOf({
    resources: { notebook: { pool: { key: ['{user}'] }, routes: [{ path: '/user/{user}' }] } },
  });
  const door = createFrontDoor({ config, gate, log });
  const app = express();
  app.use('/notebooks', (request, response) => door.handle(request, response));
  app.use((_request, response) => {
    response.send('my own');
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const instance = await startInstance(t, answering(OK));
  gate.wake('notebook--ann', instance.port);
  const url = `http://127.0.0.1:${port}`;
  assert.equal(await (await fetch(`${url}/notebooks/user/ann/tree`)).text(), 'ok');
  assert.equal(await (await fetch(`${url}/else`)).text(), 'my own');
  assert.match(instance.peers[0]?.text ?? '', /^GET \/user\/ann\/tree HTTP/);
});
