import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { needs } from '../kit/engines.js';
import { root, start, tempFolder } from '../kit/scripts.js';

function fileOf(t: TestContext, pulumi: object): { folder: string; file: string } {
  const folder = tempFolder(t);
  const file = join(folder, 'reveille.yaml');
  const site = { provider: 'pulumi', pulumi, lease: { stretch: 0 } };
  writeFileSync(file, JSON.stringify({ resources: { site } }));
  return { folder, file };
}

const check = (t: TestContext, folder: string, file: string) =>
  start(t, process.execPath, [join(root, 'bin/reveille.mjs'), 'check', '--preview', '--config', file], {
    env: { ...process.env, PULUMI_HOME: join(folder, 'home') },
  }).ended;

test('check --preview says what would be created, and creates nothing', {
  ...needs('pulumi'),
  timeout: 120_000,
}, async (t) => {
  const { folder, file } = fileOf(t, { template: 'local', args: { folder: 'made' } });
  const { code, stdout, stderr } = await check(t, folder, file);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /--- site\n/);
  assert.match(stdout, /\+ +pulumi-nodejs:dynamic:Resource +site +create/);
  assert.ok(!existsSync(join(folder, 'made')));
  const state = readdirSync(join(folder, '.reveille/pulumi-state'), { recursive: true }).map(String);
  assert.deepEqual(
    state.filter((name) => /^\.pulumi\/(stacks|locks)\/.*\.json$/.test(name)),
    [],
  );
});

test('a template that fails out of turn fails the preview with its own words, and does not hang', {
  ...needs('pulumi'),
  timeout: 120_000,
}, async (t) => {
  const { folder, file } = fileOf(t, { template: './broken.cjs' });
  const text =
    "module.exports = () => { Promise.reject(new Error('no such flavour')); return new Promise(() => {}); };";
  writeFileSync(join(folder, 'broken.cjs'), text);
  const { code, stderr } = await check(t, folder, file);
  assert.equal(code, 1);
  assert.match(stderr, /no such flavour/);
});
