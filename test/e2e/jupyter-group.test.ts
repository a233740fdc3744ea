import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { liveWithGroup } from '../kit/house-jupyter.js';

const engine = needs('jupyter');

test(
  'examples/jupyter/group.yaml: each user computes in a server of their own, and sees no other’s',
  engine,
  () =>
    liveWithGroup('15m', async (house, as) => {
      const cell = 'import os; os.path.basename(os.getcwd())';
      // In turn: two kernels that start at once might pick the same ports.
      const ann = await as('ann').startKernel();
      const bob = await as('Bob Müller').startKernel();
      const [hers, his] = await Promise.all([ann.compute(cell), bob.compute(cell)]);
      assert.equal(hers, "'notebook--ann'");
      assert.match(his, /^'notebook--bob-m\S+--[0-9a-z]+'$/);
      const kernels = (await (await as('ann').call('GET', 'api/kernels')).json()) as { id: string }[];
      assert.deepEqual(
        kernels.map(({ id }) => id),
        [ann.id],
      );
      const me = (await (await as('Bob Müller').call('GET', 'api/me')).json()) as {
        identity: { name: string };
      };
      assert.equal(me.identity.name, 'Bob Müller');
      const nobody = await fetch(house.url('/jupyter/api/kernels'));
      assert.equal(nobody.status, 401);
      await nobody.body?.cancel();
      for (const { socket } of [ann, bob]) socket.close();
    }),
);

test(
  'examples/jupyter/group.yaml: a user’s server sleeps while another’s computes, and not the other way round',
  engine,
  () =>
    liveWithGroup('5s', async (house, as) => {
      const ann = await as('ann').startKernel();
      const bob = await as('bob').startKernel();
      await Promise.all([ann.compute('1'), bob.compute('1')]);
      bob.send('import time\nwhile True: time.sleep(0.1)');
      await eventually('his kernel is busy', async () => {
        const kernel = (await (await as('bob').call('GET', `api/kernels/${bob.id}`)).json()) as {
          execution_state: string;
        };
        return kernel.execution_state === 'busy';
      });
      for (const { socket } of [ann, bob]) socket.close();
      await house.untilAsleep('notebook--ann');
      await eventually('the probe keeps his awake', async () =>
        (await house.resources.status('notebook--bob'))?.keptAwakeBy.includes('idle probe says busy'),
      );
      await as('bob').call('POST', `api/kernels/${bob.id}/interrupt`);
      await house.untilAsleep('notebook--bob');
      assert.equal(await (await as('ann').startKernel()).compute('6 * 7'), '42');
    }),
);
