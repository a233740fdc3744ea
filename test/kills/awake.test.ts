import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { app, House } from '../kit/house.js';
import { takeBytes } from '../kit/house-bytes.js';
import { ask } from '../kit/house-client.js';

const LEASE_MS = 2000;
const IDLE_MS = 3 * LEASE_MS;
const times = { idle: { after: `${IDLE_MS}ms` } };

// They mostly wait for idle times.
describe('awake and asleep as the leases say', { concurrency: true }, () => {
  test('a resource whose start takes longer than its lease and its idle time: answered, warm, asleep in its time', () =>
    House.live({ resources: { slow: app({ LISTEN_WHEN: 'may-listen' }, times) } }, async (house) => {
      const held = ask(house.url('/'));
      await house.journaled('start');
      await delay(IDLE_MS + 1000);
      house.allow('may-listen');
      const { pid } = await held;
      const before = Date.now();
      assert.equal((await ask(house.url('/'))).pid, pid);
      const { at } = await house.journaled('term');
      assert.ok(at >= before + IDLE_MS, `${before + IDLE_MS - at} ms too early`);
      await house.untilAsleep('slow');
      assert.equal(house.journal('start').length, 1);
    }));

  test('one that is polled at intervals between its lease and its idle time stays awake, then falls asleep', () =>
    House.live({ resources: { polled: app({}, times) } }, async (house) => {
      const { pid } = await ask(house.url('/'));
      let last = 0;
      for (let poll = 0; poll < 10; poll++) {
        // Longer than three quarters of a lease: each renewal check finds it unused, or used once.
        await delay(LEASE_MS * (poll % 2 ? 0.85 : 1.2));
        last = Date.now();
        assert.equal((await ask(house.url('/'))).pid, pid);
        assert.deepEqual(house.journal('term'), []);
      }
      const { at } = await house.journaled('term');
      assert.ok(at >= last + IDLE_MS, `${last + IDLE_MS - at} ms too early`);
      await house.untilAsleep('polled');
      assert.equal(house.journal('start').length, 1);
    }));

  test("a browser's idle connection keeps nothing awake, and its next request on it wakes", () =>
    House.live({ resources: { browsed: app({}, times) } }, async (house) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const sockets = new Set<Socket>();
      const browse = async () => {
        const request = get(house.url('/'), { agent });
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        sockets.add(response.socket);
        await takeBytes(response);
        assert.equal(response.statusCode, 200);
      };
      await browse();
      await house.journaled('end');
      await house.untilAsleep('browsed');
      await browse();
      assert.equal(sockets.size, 1, 'on the same connection');
      assert.equal(house.journal('start').length, 2);
      agent.destroy();
    }));
});
