import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveReferences } from '../../config/index.js';
import { isReveilleError } from '../../errors/index.js';
import { tempFolder } from '../kit/scripts.js';

const env = { NAME: 'ann', EMPTY: '', TRICK: '${env:NAME} $& $1' };

test('variables and files come in, files from the folder of the configuration and without their last newlines', (context) => {
  const folder = tempFolder(context);
  writeFileSync(join(folder, 'key.txt'), 'two\nlines\r\n\n');
  assert.deepEqual(resolveReferences('a ${env:NAME}:${file:key.txt} ${env:EMPTY}', { env, folder }), {
    value: 'a ann:two\nlines ',
    secrets: ['ann', 'two\nlines', ''],
  });
});

test('$${ is a literal ${, and the ${ of a shell is left alone', () => {
  const { value, secrets } = resolveReferences('$${env:NAME} ${HOME} $${x} $$', { env, folder: '/' });
  assert.equal(value, '${env:NAME} ${HOME} ${x} $$');
  assert.deepEqual(secrets, []);
});

test('what a reference brings in is not looked at again', () => {
  assert.equal(resolveReferences('${env:TRICK}', { env, folder: '/' }).value, env.TRICK);
});

test('a reference that leads to nothing is an error that names key and reference', (context) => {
  const folder = tempFolder(context);
  for (const [text, what] of [
    ['${env:NOT_SET}', /^control\.token: \$\{env:NOT_SET\}: the environment variable NOT_SET is not set$/],
    ['${file:none}', /^control\.token: \$\{file:none\}: .*ENOENT$/],
    ['${file:.}', /not a regular file/],
  ] as const) {
    assert.throws(
      () => resolveReferences(text, { env, folder, key: 'control.token' }),
      (error) => isReveilleError(error) && error.code === 'REFERENCE_UNRESOLVED' && what.test(error.message),
    );
  }
});

test('a pipe is refused and not waited for', (context) => {
  const folder = tempFolder(context);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  assert.throws(() => resolveReferences('${file:pipe}', { env, folder }), /not a regular file/);
});
