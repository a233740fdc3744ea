import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { root, tempFolder } from '../kit/scripts.js';

const run = promisify(execFile);

/** For a file in a folder: what it must not import, and what it may. */
const rules: [file: string, refused: string[], allowed: string[]][] = [
  ['errors/x.ts', ['../config/index.js', '../workflows/messages.js'], ['./catalogue.js']],
  [
    'config/x.ts',
    ['../workflows/messages.js', '../proxy/gate.js', '../cli/main.js'],
    ['../errors/index.js', 'zod', 'node:fs'],
  ],
  [
    'workflows/x.ts',
    ['node:fs', 'fs', '@temporalio/client', '../config/index.js', '../activities/lifecycle.js'],
    [
      '../errors/index.js',
      '../activities/contract.js',
      '@temporalio/workflow',
      '@temporalio/common',
      './messages.js',
    ],
  ],
  [
    'temporal/x.ts',
    ['../proxy/gate.js', '../activities/contract.js', '../workflows/life.js'],
    ['../config/index.js', '../workflows/messages.js', '@temporalio/client'],
  ],
  [
    'activities/x.ts',
    ['../proxy/gate.js', '../control/app.js', '../cli/main.js', '../worker/main.js', '../workflows/life.js'],
    ['../config/index.js', '../workflows/messages.js', './providers/table.js'],
  ],
  [
    'activities/providers/one/x.ts',
    ['../two/y.js', '../two.js', '../table.js', '../../../proxy/gate.js'],
    ['../contract.js', './y.js', '../../contract.js', '../../../errors/index.js'],
  ],
  [
    'activities/providers/one.ts',
    ['./two.js', './two/y.js', '../../worker/main.js'],
    ['./contract.js', '../contract.js'],
  ],
  ['activities/providers/table.ts', ['../../proxy/gate.js'], ['./one/provider.js', './two.js']],
  [
    'proxy/x.ts',
    [
      '../activities/contract.js',
      '../worker/main.js',
      '../control/app.js',
      '../cli/main.js',
      '../workflows/index.js',
    ],
    ['../temporal/index.js', '../workflows/messages.js', 'http-proxy'],
  ],
  [
    'control/x.ts',
    ['../proxy/gate.js', '../worker/main.js', '../activities/contract.js', '../cli/main.js'],
    ['../temporal/index.js', '../workflows/messages.js', 'express'],
  ],
  [
    'worker/x.ts',
    ['../proxy/gate.js', '../control/app.js', '../cli/main.js'],
    ['../activities/lifecycle.js', '../workflows/index.js', '../temporal/index.js', '@temporalio/worker'],
  ],
  [
    'cli/up/x.ts',
    ['../../test/kit/scripts.js', '../../bench/run.js'],
    ['../../proxy/main.js', '../../worker/main.js', '../../control/main.js'],
  ],
];
/** Which nobody outside of them may import. */
const forNobody = ['../test/kit/scripts.js', '../bench/run.js'];

test('the linter refuses each import over a boundary, and no other', async (context) => {
  const folder = tempFolder(context);
  copyFileSync(join(root, 'biome.json'), join(folder, 'biome.json'));
  const expected: string[] = [];
  for (const [file, refused, allowed] of rules) {
    const wrong = [...refused, ...forNobody];
    const lines = [...wrong, ...allowed].map((specifier) => `import '${specifier}';\n`);
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), lines.join(''));
    expected.push(...wrong.map((specifier) => `${file} ${specifier}`));
  }
  assert.deepEqual((await refusals(folder)).sort(), expected.sort());
});

/** Every import that the linter refuses, as its file and what is imported. */
async function refusals(folder: string): Promise<string[]> {
  const args = ['lint', '--only=style/noRestrictedImports', '--vcs-enabled=false', '--max-diagnostics=none'];
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  // It exits with 1 where it refuses something.
  const { stdout } = await run(process.execPath, [biome, ...args, '--reporter=github', '.'], {
    cwd: folder,
  }).catch((error: { stdout: string }) => error);
  const found = stdout.matchAll(/noRestrictedImports,file=([^,]+),line=(\d+),/g);
  const places = [...found].map(([, path = '', line]) => {
    const text = readFileSync(resolve(folder, path), 'utf8').split('\n')[Number(line) - 1] ?? '';
    return `${relative(folder, resolve(folder, path))} ${/'(.*)'/.exec(text)?.[1]}`;
  });
  // One import can be refused for two reasons.
  return [...new Set(places)];
}
