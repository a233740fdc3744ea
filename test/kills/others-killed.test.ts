import { test } from 'node:test';
import { inEveryPhase } from '../kit/phases.js';

test('Temporal killed by SIGKILL and started again on its database, with a resource in each phase', (t) =>
  inEveryPhase(t, {
    disturb: async ({ temporal }) => {
      await temporal.kill('SIGKILL');
      await temporal.run();
    },
  }));

test('a proxy killed by SIGKILL, with a resource in each phase: requests through the other are unharmed', (t) =>
  inEveryPhase(t, {
    disturb: async (house) => house.part('proxy two').end('SIGKILL'),
    survivors: ['proxy'],
  }));
