import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Claims, type RunClaim } from '../../activities/host/groups/claims.js';

function claimsOf(t: TestContext): { folder: string; claims: Claims } {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-claims-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const claims = new Claims(folder);
  claims.prepare();
  return { folder, claims };
}

function run(generation: number): RunClaim {
  const endpoint = { host: '127.0.0.1', port: 1234 };
  const identity = { pid: 1, start: 2, boot: 'b' };
  return { kind: 'run', generation, identity, endpoint, revision: 'r', label: generation };
}

test('a generation is decided once', (t) => {
  const { claims } = claimsOf(t);
  assert.equal(claims.claim(run(1)), true);
  assert.equal(claims.claim({ ...run(1), label: 9 }), false);
  assert.deepEqual(claims.settle(1), run(1));
  assert.deepEqual(claims.settle(2), { kind: 'sealed', generation: 2 });
  assert.equal(claims.claim(run(2)), false);
});

test('a boot seals the older ones that have only begun, and finds the youngest that ran', (t) => {
  const { claims } = claimsOf(t);
  claims.claim(run(1));
  claims.begin(2);
  claims.begin(3);
  assert.deepEqual(claims.settleOlder(3), run(1));
  assert.deepEqual(claims.read(2), { kind: 'sealed', generation: 2 });
  assert.equal(claims.read(3), undefined);
});

test('the fate of a process is decided once', (t) => {
  const { claims } = claimsOf(t);
  assert.equal(claims.decideFate(1, 2), 2);
  assert.equal(claims.decideFate(1, 'stop'), 2);
  assert.equal(claims.decideFate(2, 'stop'), 'stop');
  assert.equal(claims.decideFate(2, 3), 'stop');
});

test('a claim that a crash left empty claims nothing', (t) => {
  const { folder, claims } = claimsOf(t);
  writeFileSync(join(folder, 'claims', '1'), '');
  assert.deepEqual(claims.read(1), { kind: 'sealed', generation: 1 });
  assert.equal(claims.newestRun(), undefined);
});

test('old decisions are forgotten: not the newest, not those of the last day, not what may run', (t) => {
  const { folder, claims } = claimsOf(t);
  const now = 1_800_000_000_000;
  claims.claim(run(1));
  claims.claim(run(2));
  for (let generation = 3; generation <= 30; generation++) claims.settle(generation);
  claims.settle(now - 1000);
  claims.prune(now);
  const left = readdirSync(join(folder, 'claims'))
    .map(Number)
    .sort((a, b) => a - b);
  assert.deepEqual(left, [2, ...Array.from({ length: 19 }, (_, index) => index + 12), now - 1000]);
});
