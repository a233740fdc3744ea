import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocksOf, needsWalk, walk } from '../kit/walk.js';

test(
  'the commands of the first page, run as they stand, wake an application, put it to sleep and wake it again',
  needsWalk(),
  async (context) => {
    const output = await walk(context, 'first-steps.md');
    assert.match(
      output,
      /asleep[\s\S]*Server-Timing: [\s\S]*I am awake[\s\S]*app is asleep[\s\S]*phase +asleep[\s\S]*I am awake/i,
    );
  },
);

test(
  'the commands of the guide to previews run as they stand: one for each number wakes, sleeps and wakes again',
  needsWalk(),
  async (context) => {
    const output = await walk(context, 'guides/previews.md', { examples: ['previews'] });
    assert.match(output, /NAME +PHASE[\s\S]*42 +ready[\s\S]*43 +ready[\s\S]*preview--42 is asleep/);
    const served = [...output.matchAll(/^pull request (\d+), plain, process (\d+)$/gm)];
    assert.deepEqual(
      served.map(([, pr]) => pr),
      ['42', '43', '42'],
    );
    assert.notEqual(served[2]?.[2], served[0]?.[2]);
  },
);

test('of the first page one example is not run, and says why', () => {
  const skipped = blocksOf('first-steps.md').filter(({ note }) => note.startsWith('skipped, '));
  assert.deepEqual(
    skipped.map(({ text }) => text),
    ['npm start\n'],
  );
});
