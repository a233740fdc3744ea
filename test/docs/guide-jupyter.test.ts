import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { needs } from '../kit/engines.js';
import { jupyterHome, liveWithJupyter } from '../kit/house-jupyter.js';
import { root } from '../kit/scripts.js';
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

test(
  'a tab that is left open keeps Jupyter awake no more, with what its guide says to ignore',
  needs('jupyter'),
  () => {
    const page = readFileSync(join(root, 'docs/guides/jupyter.md'), 'utf8');
    const [, ignored = ''] = /`(ignore: [^`]+)`/.exec(page) ?? [];
    return liveWithJupyter(
      '5s',
      async (house, jupyter) => {
        await jupyter.call('POST', 'api/contents');
        const tab = await jupyter.socket('api/events/subscribe');
        const closed = once(tab, 'close');
        await house.untilAsleep('jupyter');
        await closed;
      },
      parse(ignored) as object,
    );
  },
);
