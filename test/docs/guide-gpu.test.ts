import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeProgram } from '../kit/scripts.js';
import { needsWalk, walk } from '../kit/walk.js';

test(
  'the commands of the guide to GPUs run as they stand, with a stand-in for nvidia-smi',
  needsWalk(),
  async (context) => {
    const furnish = (folder: string) => {
      fakeProgram(join(folder, 'bin'), 'nvidia-smi', 'printf "0\\n2\\n"');
      return { PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
    };
    const output = await walk(context, 'guides/gpu.md', { examples: ['gpu'], furnish });
    const answers = [...output.matchAll(/^an answer to (\w+), by a model that was loaded at (\S+)$/gm)];
    assert.deepEqual(
      answers.map(([, prompt]) => prompt),
      ['hello', 'again'],
    );
    assert.notEqual(answers[0]?.[2], answers[1]?.[2]);
    assert.match(
      output,
      /phase +ready[\s\S]*it is idle[\s\S]*it is busy[\s\S]*pinned until[\s\S]*model is asleep[\s\S]*phase +asleep[\s\S]*docker\.yaml is valid[\s\S]*ec2\.yaml is valid[\s\S]*gce\.yaml is valid/,
    );
  },
);
