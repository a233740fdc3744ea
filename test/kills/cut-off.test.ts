import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask, askForProblem } from '../kit/house-client.js';
import { Relay } from '../kit/relay.js';
import { openSocket } from '../kit/use.js';

/** Two ports, where no other house takes any. */
function tinyRange(): string {
  const first = 31_000 + 2 * randomInt(400);
  return `${first}-${first + 1}`;
}

const lease = { time: '3s', stretch: '10m' };
const NAMES = ['own', 'other', 'third'];
const resources = Object.fromEntries(
  NAMES.map((name) => [
    name,
    app({}, { idle: { after: '10m' }, lease, routes: [{ path: `/${name}`, strip: true }] }),
  ]),
);
const proxy = { listen: '127.0.0.1:0', hold: { time: '2s' } };

test('L12: a proxy alone cut off, its resource stopped: no other resource is given the port, nor any request', (t) =>
  House.live({ resources, top: { worker: { ports: tinyRange() } } }, async (house) => {
    const relay = await Relay.to(house.temporal.port);
    t.after(() => relay.close());
    // Nor do workers reach it: they cannot sign for it.
    const top = { temporal: { address: relay.address }, secret: 'of another', proxy };
    const cutOff = await house.startProxy('proxy two', { top });
    const { pid } = await ask(cutOff.url('/own/'));
    const socket = await openSocket(cutOff.url('/own/'));
    relay.cut();
    await eventually('its lease has run out, as far as others know', async () => {
      assert.equal((await ask(cutOff.url('/own/'))).pid, pid, 'it goes on');
      const status = await house.resources.status('own');
      return status?.leases.every(({ until }) => until < Date.now());
    });
    socket.terminate();
    await house.resources.stop('own');
    await house.journaled('end');
    await house.untilAsleep('own');

    assert.equal((await ask(house.url('/other/'))).resource, 'other');
    const { status, body } = await askForProblem(house.url('/third/'));
    assert.deepEqual([status, body.code], [503, 'NO_PORT']);
    const answer = await askForProblem(cutOff.url('/own/'));
    assert.notEqual(answer.status, 200);

    relay.open();
    const again = await eventually('it is answered again', () => ask(cutOff.url('/own/')));
    assert.equal(again.resource, 'own');
    assert.notEqual(again.pid, pid);
  }));
