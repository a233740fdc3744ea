import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fakeProgram, startScript, tempFolder } from '../kit/scripts.js';

const LOCK = { packages: { '': {}, 'node_modules/one': { version: '1.0.0' } } };
const INSTALL = `
  echo "$@" >> npm-calls
  mkdir -p node_modules/one
  echo '{}' > node_modules/one/package.json`;

function project(context: TestContext) {
  const root = tempFolder(context);
  const bin = join(root, 'bin');
  writeFileSync(join(root, 'package.json'), JSON.stringify({ dependencies: { one: '1' } }));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(LOCK));
  fakeProgram(bin, 'npm', INSTALL);
  const ensure = () =>
    startScript(
      context,
      'setup/dependencies.mjs',
      `await m.ensureDependencies({ root: ${JSON.stringify(root)} }).catch((error) => {
         console.error(error.message);
         process.exitCode = 1;
       });`,
      { env: { ...process.env, PATH: `${bin}:/usr/bin:/bin` } },
    ).ended;
  const calls = () =>
    existsSync(join(root, 'npm-calls'))
      ? readFileSync(join(root, 'npm-calls'), 'utf8').trim().split('\n')
      : [];
  return { root, bin, ensure, calls };
}

test('packages are installed once, and again when the lock file changes', async (context) => {
  const { root, ensure, calls } = project(context);
  await ensure();
  await ensure();
  assert.equal(calls().length, 1);
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ ...LOCK, changed: true }));
  await ensure();
  assert.equal(calls().length, 2);
});

test('a package that is missing is installed', async (context) => {
  const { root, ensure, calls } = project(context);
  await ensure();
  rmSync(join(root, 'node_modules/one'), { recursive: true });
  await ensure();
  assert.equal(calls().length, 2);
});

test('an installation that failed is told with its last lines, and done again', async (context) => {
  const { bin, ensure, calls } = project(context);
  fakeProgram(bin, 'npm', `${INSTALL}\necho npm error network >&2; exit 1`);
  const { code, stderr } = await ensure();
  assert.equal(code, 1);
  assert.match(stderr, /npm ci ended with code 1:.*npm error network/s);
  fakeProgram(bin, 'npm', INSTALL);
  assert.equal((await ensure()).code, 0);
  assert.equal(calls().length, 2);
});

test('what `npm ci` installed by hand is taken as it is', async (context) => {
  const { root, ensure, calls } = project(context);
  mkdirSync(join(root, 'node_modules/one'), { recursive: true });
  writeFileSync(join(root, 'node_modules/one/package.json'), '{}');
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify(LOCK));
  await ensure();
  assert.deepEqual(calls(), []);
});
