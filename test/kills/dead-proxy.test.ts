import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';
import { leaseOf, openSocket } from '../kit/use.js';

const IDLE_MS = 5000;
const idle = { after: `${IDLE_MS}ms` };

test('a proxy killed with a live lease and open connections delays the idle stop by its lease, no longer', () =>
  House.live({ resources: { used: app({}, { idle, lease: { time: '3s' } }) } }, async (house) => {
    const two = await house.startProxy('proxy two');
    await openSocket(two.url('/'));
    await leaseOf(house, 'used', ({ open }) => open === 1);
    await two.end('SIGKILL');
    let lease = await leaseOf(house, 'used');
    const status = await eventually('its lease has ended', async () => {
      const now = await house.resources.status('used');
      // What it sent last may arrive after its death.
      lease = now?.leases[0] ?? lease;
      return now?.leases.length === 0 && now.idleDeadline !== undefined ? now : undefined;
    });
    assert.equal(status.idleDeadline, lease.until + IDLE_MS);
    const { at } = await house.journaled('term');
    assert.ok(at >= lease.until + IDLE_MS, `${lease.until + IDLE_MS - at} ms too early`);
    await house.untilAsleep('used');
    assert.equal(house.journal('start').length, 1);
  }));

test('a proxy killed while another is in use delays nothing and harms nothing there', () =>
  House.live({ resources: { used: app({}, { idle, lease: { time: '3s' } }) } }, async (house) => {
    const two = await house.startProxy('proxy two');
    const socket = await openSocket(house.url('/'));
    await openSocket(two.url('/'));
    await eventually('both have told', async () => {
      const leases = (await house.resources.status('used'))?.leases ?? [];
      return leases.filter(({ open }) => open === 1).length === 2;
    });
    await two.end('SIGKILL');
    const [lease] = (await house.resources.status('used'))?.leases ?? [];
    assert.ok(lease);
    await eventually('the dead one is forgotten', async () => {
      const status = await house.resources.status('used');
      return status?.leases.length === 1 && status.open === 1;
    });
    const { pid } = await ask(house.url('/'));
    assert.deepEqual(house.journal('term'), []);
    socket.terminate();
    assert.equal((await house.journaled('term')).pid, pid);
  }));
