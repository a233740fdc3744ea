import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startScript, tempFolder } from '../kit/scripts.js';

const COMPILE = `
  import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
  appendFileSync('builds', existsSync('dist/.tsbuildinfo') ? 'rest ' : 'all ');
  mkdirSync('dist/cli', { recursive: true });
  writeFileSync('dist/.tsbuildinfo', '');
  writeFileSync('dist/cli/main.js', '');`;

function project(context: TestContext) {
  const root = tempFolder(context);
  mkdirSync(join(root, 'scripts'));
  mkdirSync(join(root, 'cli'));
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify({ include: ['cli', 'missing'] }));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  writeFileSync(join(root, 'cli/main.ts'), '');
  writeFileSync(join(root, 'scripts/build.mjs'), COMPILE);
  const ensure = () =>
    startScript(
      context,
      'setup/build-step.mjs',
      `await m.ensureBuild({ root: ${JSON.stringify(root)} }).catch((error) => {
         console.error(error.message);
         process.exitCode = 1;
       });`,
    ).ended;
  const builds = () =>
    existsSync(join(root, 'builds')) ? readFileSync(join(root, 'builds'), 'utf8').trim().split(' ') : [];
  return { root, ensure, builds };
}

test('the build runs when a source has changed, and only then', async (context) => {
  const { root, ensure, builds } = project(context);
  await ensure();
  await ensure();
  assert.equal(builds().length, 1);
  utimesSync(join(root, 'cli/main.ts'), 1, 1);
  await ensure();
  assert.deepEqual(builds(), ['all', 'rest']);
});

test('after a build that was cut off the compiler starts from nothing', async (context) => {
  const { root, ensure, builds } = project(context);
  writeFileSync(join(root, 'scripts/build.mjs'), `${COMPILE}\nprocess.exit(1)`);
  assert.equal((await ensure()).code, 1);
  await ensure();
  assert.deepEqual(builds(), ['all', 'all']);
});

test('the errors of the compiler are told', async (context) => {
  const { root, ensure } = project(context);
  writeFileSync(join(root, 'scripts/build.mjs'), 'console.log("main.ts(1,2): error TS1"); process.exit(2)');
  assert.match((await ensure()).stderr, /ended with code 2:\nmain\.ts\(1,2\): error TS1/);
});
