import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hello, issuesOf } from '../kit/config-text.js';
import { startInstance, until } from '../kit/http-bench.js';
import { startTcpBench } from '../kit/tcp-bench.js';

test('connections through a TCP door count as wakes of their address, and one too many is closed', async (t) => {
  const bench = await startTcpBench(t, {}, { wakes: { perVisitor: 1, every: '1h' } });
  const client = await bench.client();
  await until(() => bench.gate.held() === 1);
  await bench.turnedAway();
  assert.equal(bench.gate.reasons.length, 1);
  await until(() => bench.lines.some(({ error }) => String(error).includes('proxy.wakes.perVisitor')));
  // What is awake is no wake.
  const instance = await startInstance(t, (peer) => peer.send('hello'));
  bench.gate.wake('app', instance.port);
  await client.sees('hello');
  await (await bench.client()).sees('hello');
});

test('a rule that asks who somebody is cannot stand over a TCP door', () => {
  const identity = 'proxy: { identity: { headers: { trusted: [10.0.0.1] } } }\n';
  const text = `${identity}resources:\n${hello}    routes: [{ tcp: 2222 }]\n    access: signed-in\n`;
  assert.match(issuesOf(text).join('\n'), /access/);
});
