import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Ports, type Wanted } from '../../activities/host/ports.js';

const { signal } = new AbortController();

function ledger(t: TestContext): { folder: string; ports: Ports; low: number } {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-ports-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, ports: new Ports(folder), low: 29_000 + 4 * Math.floor(Math.random() * 200) };
}

function wanted(resource: string, low: number, more: Partial<Wanted> = {}): Wanted {
  const range = [low, low + 1] as const;
  return {
    resource,
    generation: 1,
    last: undefined,
    range,
    excluded: new Set(),
    quarantineMs: 3_600_000,
    ...more,
  };
}

test('two resources never have the same port, by two workers at once neither', async (t) => {
  const { folder, ports, low } = ledger(t);
  const other = new Ports(folder);
  const got = await Promise.all([
    ports.acquire(wanted('a', low), signal),
    other.acquire(wanted('b', low), signal),
  ]);
  assert.deepEqual(got.sort(), [low, low + 1]);
  await assert.rejects(ports.acquire(wanted('c', low), signal), { code: 'NO_PORT' });
});

test('a port that was released is kept from others, not from its own resource', async (t) => {
  const { ports, low } = ledger(t);
  const excluded = new Set([low + 1]);
  await ports.acquire(wanted('a', low, { excluded }), signal);
  ports.release(low, 'a', 1);
  await assert.rejects(ports.acquire(wanted('b', low, { excluded }), signal), { code: 'NO_PORT' });
  assert.equal(await ports.acquire(wanted('a', low, { excluded, last: low, generation: 2 }), signal), low);
});

test("a port is another resource's once its quarantine is over", async (t) => {
  const { ports, low } = ledger(t);
  const options = { excluded: new Set([low + 1]), quarantineMs: 0 };
  await ports.acquire(wanted('a', low, options), signal);
  ports.release(low, 'a', 1);
  assert.equal(await ports.acquire(wanted('b', low, options), signal), low);
});

test('a late release by an older generation changes nothing', async (t) => {
  const { ports, low } = ledger(t);
  const options = { excluded: new Set([low + 1]), quarantineMs: 0 };
  await ports.acquire(wanted('a', low, options), signal);
  ports.handOver(low, 'a', 2);
  ports.release(low, 'a', 1);
  await assert.rejects(ports.acquire(wanted('b', low, options), signal), { code: 'NO_PORT' });
});

test('a port on which somebody listens is passed over', async (t) => {
  const { ports, low } = ledger(t);
  const server = createServer().listen(low, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  assert.equal(await ports.acquire(wanted('a', low, { last: low }), signal), low + 1);
});

test('the host came up again: the port is free after a quarantine from when that is noticed', async (t) => {
  const { folder, ports, low } = ledger(t);
  const options = { excluded: new Set([low + 1]), quarantineMs: 0 };
  await ports.acquire(wanted('a', low, options), signal);
  const [version = ''] = readdirSync(join(folder, String(low)));
  const file = join(folder, String(low), version);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"another"'));
  await assert.rejects(ports.acquire(wanted('b', low, options), signal), { code: 'NO_PORT' });
  assert.equal(await ports.acquire(wanted('b', low, options), signal), low);
});

test('an entry that a crash left empty is taken for one whose owner is gone', async (t) => {
  const { folder, ports, low } = ledger(t);
  const options = { excluded: new Set([low + 1]), quarantineMs: 0 };
  mkdirSync(join(folder, String(low)));
  writeFileSync(join(folder, String(low), '3'), '');
  await assert.rejects(ports.acquire(wanted('a', low, options), signal), { code: 'NO_PORT' });
  assert.equal(await ports.acquire(wanted('a', low, options), signal), low);
});
