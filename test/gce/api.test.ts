import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { backoffMs } from '../../activities/providers/gce/api.js';
import { COMPUTE, tokensFor } from '../../activities/providers/gce/credentials.js';
import { LABELS } from '../../activities/providers/gce/labels.js';
import type { Machine } from '../../activities/providers/gce/resources.js';
import { stateOf } from '../../activities/providers/gce/state.js';
import { instanceStatuses, mistakes } from './fake/reference.js';

const HTTPS = 'https://compute.googleapis.com/compute/v1';

test('VPF7: pauses between tries grow from a fraction of a second to 5 s at most, and no two are the same', () => {
  const all = Array.from({ length: 100 }, (_, tries) => backoffMs(tries));
  assert.ok(all.slice(0, 2).every((ms) => ms <= 400));
  assert.ok(all.every((ms) => ms > 0 && ms <= 5000));
  assert.ok(all.slice(10).every((ms) => ms >= 2500));
  assert.equal(new Set(all).size, all.length);
});

test('every status of the reference has a meaning', () => {
  const states = instanceStatuses.map((status) => [status, stateOf({ status } as Machine)]);
  assert.deepEqual(Object.fromEntries(states), {
    DEPROVISIONING: 'ending',
    PENDING: 'moving',
    PROVISIONING: 'moving',
    REPAIRING: 'moving',
    RUNNING: 'running',
    STAGING: 'moving',
    STOPPED: 'asleep',
    STOPPING: 'ending',
    SUSPENDED: 'suspended',
    SUSPENDING: 'suspending',
    TERMINATED: 'asleep',
  });
});

test('the checks by the reference see unknown fields and wrong types', () => {
  assert.deepEqual(mistakes('Instance', { name: 'a', disks: [{ boot: true }] }, 'x'), []);
  assert.deepEqual(mistakes('Instance', { nmae: 'a' }, 'x'), ['x: Instance has no field nmae']);
  assert.equal(mistakes('Instance', { disks: [{ boot: 'yes' }], labels: { a: 1 } }, 'x').length, 2);
});

test('keys of labels are such as the cloud takes', () => {
  for (const key of Object.values(LABELS)) assert.match(key, /^[a-z][a-z0-9_-]{0,62}$/);
});

test('a service account’s key signs for itself, and nothing is sent but over https', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-key-'));
  try {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = {
      type: 'service_account',
      project_id: 'some-project',
      private_key_id: 'id',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: 'me@some-project.iam.gserviceaccount.com',
    };
    writeFileSync(join(folder, 'key.json'), JSON.stringify(key));
    const said = (await tokensFor(COMPUTE, HTTPS, 'key.json', folder)()) ?? '';
    assert.match(said, /^Bearer /);
    const { iss, scope } = decodeJwt(said.slice('Bearer '.length));
    assert.deepEqual([iss, scope], [key.client_email, 'https://www.googleapis.com/auth/compute']);
    assert.equal(await tokensFor(COMPUTE, 'http://127.0.0.1:1/compute/v1', 'key.json', folder)(), undefined);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('credentials that cannot be read are told by their name', async () => {
  await assert.rejects(tokensFor(COMPUTE, HTTPS, 'no-such-file.json', tmpdir())(), { code: 'CLOUD_DENIED' });
});
