import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jupyterHome } from '../kit/house-jupyter.js';
import { needsWalk, walk } from '../kit/walk.js';

const options = { examples: ['jupyter'], ownHome: true, furnish: jupyterHome };
const absent = needsWalk('jupyter', 'mount', 'openssl');

test(
  'the commands of the guide to Jupyter run as they stand: it wakes, starts a kernel, sleeps and wakes again',
  absent,
  async (context) => {
    const output = await walk(context, 'guides/jupyter.md', options);
    assert.match(
      output,
      /phase +asleep[\s\S]*"kernels": ?0[\s\S]*phase +ready[\s\S]*"execution_state"[\s\S]*jupyter is asleep[\s\S]*phase +asleep[\s\S]*\[\]/,
    );
  },
);

test(
  'the commands of the guide to Jupyter for a group run as they stand, and wake one for each user',
  absent,
  async (context) => {
    const output = await walk(context, 'guides/notebooks.md', options);
    assert.match(
      output,
      /401[\s\S]*"name": ?"ann"[\s\S]*"name": ?"bob"[\s\S]*notebook--ann +ready[\s\S]*notebook--bob +ready[\s\S]*notebook--ann is asleep[\s\S]*notebook--bob +ready[\s\S]*"name": ?"ann"/,
    );
  },
);
