import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSecret } from '../../config/index.js';
import { tempFolder } from '../kit/scripts.js';

test('the secret is what the configuration says, else the environment, else the file', async (context) => {
  const config = { folder: tempFolder(context), state: 'state' };
  const env = { REVEILLE_SECRET: 'given', MINE: 'mine' };
  assert.equal(await readSecret({ ...config, secret: '${env:MINE}' }, env), 'mine');
  assert.equal(await readSecret(config, env), 'given');
  const made = await readSecret(config, {});
  assert.match(made, /^[0-9a-f]{64}$/);
  assert.equal(await readSecret(config, {}), made);
});

test('a secret that resolves to nothing is refused', async () => {
  await assert.rejects(readSecret({ folder: '/', state: 's', secret: '${env:E}' }, { E: '' }), /empty/);
});

test('all who ask at the same moment get the same secret, and nothing else is left in the folder', async (context) => {
  const config = { folder: tempFolder(context), state: 'a/b' };
  const secrets = await Promise.all(Array.from({ length: 20 }, () => readSecret(config, {})));
  assert.equal(new Set(secrets).size, 1);
  const folder = join(config.folder, 'a/b');
  assert.deepEqual(readdirSync(folder), ['secret']);
  assert.equal(statSync(join(folder, 'secret')).mode & 0o777, 0o600);
});

test('a secret file that others can read, or that holds none, is refused with what to do', async (context) => {
  const config = { folder: tempFolder(context), state: 's' };
  const file = join(config.folder, 's/secret');
  mkdirSync(join(config.folder, 's'));
  writeFileSync(file, `${'a'.repeat(64)}\n`, { mode: 0o600 });
  chmodSync(file, 0o644);
  await assert.rejects(readSecret(config, {}), /open to other users: delete it/);
  writeFileSync(file, '');
  chmodSync(file, 0o600);
  await assert.rejects(readSecret(config, {}), /holds no secret: delete it/);
  assert.equal(readFileSync(file, 'utf8'), '');
});
