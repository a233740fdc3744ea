import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { root, start, tempFolder } from '../kit/scripts.js';

function reveille(context: TestContext, ...args: string[]) {
  const cwd = tempFolder(context);
  return start(context, process.execPath, [join(root, 'bin/reveille.mjs'), ...args], { cwd }).ended;
}

test('every command has help, with its exit codes', async (context) => {
  const { code, stdout } = await reveille(context, '--help');
  assert.equal(code, 0);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+) .*$/gm)].map(([, name = '']) => name);
  for (const name of [
    'up',
    'run',
    'worker',
    'proxy',
    'control',
    'check',
    'reload',
    'doctor',
    'completion',
    'import',
    'status',
    'wake',
    'stop',
  ]) {
    assert.ok(commands.includes(name), name);
    const help = await reveille(context, name, '--help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, /^Usage: reveille /);
  }
});

test('a command that is not known is a usage error, with what was meant', async (context) => {
  const { code, stderr } = await reveille(context, 'stauts');
  assert.equal(code, 2);
  assert.match(stderr, /unknown command 'stauts'\n\(Did you mean status\?\)/);
});

test('--config and --json may stand before or after the command', async (context) => {
  for (const args of [
    ['--json', '--config', 'missing.yaml', 'check'],
    ['check', '--json', '--config', 'missing.yaml'],
  ]) {
    const { code, stdout } = await reveille(context, ...args);
    assert.equal(code, 1);
    assert.match(
      JSON.stringify(JSON.parse(stdout)),
      /missing\.yaml.*CONFIG_NOT_FOUND|CONFIG_NOT_FOUND.*missing\.yaml/,
    );
  }
});

test('what fails says its code and its remedy', async (context) => {
  const { code, stderr } = await reveille(context, 'up');
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^error CONFIG_NOT_FOUND: .*reveille\.yaml cannot be read.*\n {2}Name an existing file/,
  );
});

test('run refuses a port or a duration that is none', async (context) => {
  assert.equal((await reveille(context, 'run', '--port', 'http', '--', 'true')).code, 2);
  assert.equal((await reveille(context, 'run', '--idle', '5', '--', 'true')).code, 2);
});
