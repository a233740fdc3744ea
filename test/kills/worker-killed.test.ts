import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../kit/house-client.js';
import { inEveryPhase } from '../kit/phases.js';

test('a worker killed by SIGKILL and started again, with a resource in each phase', (t) =>
  inEveryPhase(t, {
    disturb: async (house) => {
      const before = await ask(house.url('/ready/'));
      await house.worker.end('SIGKILL');
      assert.deepEqual(await ask(house.url('/ready/')), before, 'warm requests need no worker');
      await house.startWorker();
    },
  }));

test('a worker killed by SIGKILL while another lives, with a resource in each phase', (t) =>
  inEveryPhase(t, {
    disturb: async (house) => {
      await house.startWorker('worker two');
      await house.worker.end('SIGKILL');
    },
  }));
