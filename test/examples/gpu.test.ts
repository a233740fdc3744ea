import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { type Ended, fakeProgram, root, start, tempFolder } from '../kit/scripts.js';

const EXAMPLE = join(root, 'examples/gpu');
const QUERY = '--query-gpu=utilization.gpu --format=csv,noheader,nounits';

/** A stand-in for NVIDIA's program: for this query it prints a percentage for each GPU, of the file `gpus`. */
const nvidiaSmi = (folder: string): void =>
  fakeProgram(
    join(folder, 'bin'),
    'nvidia-smi',
    `[ "$*" = '${QUERY}' ] || exit 2\necho look >> ${folder}/looks\ncat ${folder}/gpus`,
  );

/** Runs the example's probe, with one look unless it is to have more. */
async function probe(context: TestContext, gpus: string | undefined, more: Probe = {}): Promise<Ended> {
  const folder = tempFolder(context);
  cpSync(join(EXAMPLE, 'gpu-idle.sh'), join(folder, 'gpu-idle.sh'));
  nvidiaSmi(folder);
  if (gpus !== undefined) writeFileSync(join(folder, 'gpus'), gpus);
  more.furnish?.(folder);
  const env = { PATH: `${folder}/bin:${process.env.PATH}`, GPU_LOOKS: '1', ...more.env };
  return await start(context, 'sh', [join(folder, 'gpu-idle.sh')], { env }).ended;
}

interface Probe {
  env?: Record<string, string>;
  furnish?: (folder: string) => void;
}

test('examples/gpu: two GPUs of which neither computes are idle', async (context) => {
  assert.equal((await probe(context, '0\n4\n')).code, 0);
});

test('examples/gpu: one of two GPUs that computes is busy', async (context) => {
  assert.equal((await probe(context, '0\n87\n')).code, 1);
});

test('examples/gpu: a job that waits is busy, whatever the GPUs say', async (context) => {
  const furnish = (folder: string) => {
    mkdirSync(join(folder, 'jobs'));
    writeFileSync(join(folder, 'jobs/1'), '');
  };
  assert.equal((await probe(context, '0\n', { furnish })).code, 1);
});

test('examples/gpu: a gap in a training that later looks do not find is busy', async (context) => {
  const furnish = (folder: string) =>
    fakeProgram(
      join(folder, 'bin'),
      'nvidia-smi',
      `if [ -e ${folder}/seen ]; then echo 95; else echo 0; fi; touch ${folder}/seen`,
    );
  assert.equal((await probe(context, undefined, { furnish, env: { GPU_LOOKS: '3' } })).code, 1);
});

for (const [what, gpus] of [
  ['fails', undefined],
  ['names no GPU', ''],
  ['tells no percentage', '[N/A]\n'],
] as const)
  test(`examples/gpu: a probe whose nvidia-smi ${what} is a failed one, neither idle nor busy`, async (context) => {
    assert.equal((await probe(context, gpus)).signal, 'SIGTERM');
  });

test('examples/gpu: in a cloud the probe asks the instance by ssh (a stand-in)', async (context) => {
  const asked = (folder: string) =>
    fakeProgram(
      join(folder, 'bin'),
      'ssh',
      `case "$*" in *'ubuntu@192.0.2.1 nvidia-smi ${QUERY}') echo 63 ;; *) exit 255 ;; esac`,
    );
  const env = { GPU_LOGIN: 'ubuntu', REVEILLE_HOST: '192.0.2.1' };
  assert.equal((await probe(context, '0\n', { furnish: asked, env })).code, 1);
});

test('examples/gpu: it is not put to sleep while a GPU computes, and is once none does (nvidia-smi is a stand-in)', async () => {
  const { resources } = parse(readFileSync(join(EXAMPLE, 'reveille.yaml'), 'utf8'));
  const idle = resources.model.idle;
  Object.assign(idle, { after: '1s' });
  Object.assign(idle.probe, { interval: '500ms', env: { GPU_LOOKS: '1' } });
  const furnish = (folder: string) => {
    for (const name of ['serve.js', 'gpu-idle.sh']) cpSync(join(EXAMPLE, name), join(folder, name));
    nvidiaSmi(folder);
    writeFileSync(join(folder, 'gpus'), '0\n87\n');
    return { PATH: `${folder}/bin:${process.env.PATH}` };
  };
  await House.live({ resources, furnish }, async (house) => {
    const answer = async () => await (await fetch(house.url('/generate?prompt=hello'))).text();
    const first = await answer();
    assert.match(first, /^an answer to hello, by a model that was loaded at /);
    await eventually('the probe keeps it awake', async () =>
      (await house.resources.status('model'))?.keptAwakeBy.includes('idle probe says busy'),
    );
    const looks = () => readFileSync(house.path('looks'), 'utf8').length;
    const before = looks();
    await eventually('the probe has looked again', () => looks() > before + 'look\n'.length);
    assert.equal(await answer(), first);
    writeFileSync(house.path('gpus'), '0\n0\n');
    await house.untilAsleep('model');
  });
});
