import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseIdentity } from '../../activities/host/groups/identity.js';
import { QemuProvider } from '../../activities/providers/qemu/provider.js';
import type { Instance } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import { engine } from '../kit/engines.js';
import { makeGuest, needsGuest } from '../kit/guest.js';
import { isAlive, ProcessHost, quietContext } from '../kit/process-host.js';

const BOOT_MS = 120_000;
const DISK_BYTES = 1024 * 1024;

/** A host with one machine, `vm`, that has a disk. */
function machineHost(t: TestContext, more: object = {}): ProcessHost {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-qemu-'));
  const base = join(folder, 'base.img');
  execFileSync(engine('qemu-img'), ['create', '-q', '-f', 'raw', base, String(DISK_BYTES)]);
  const qemu = { ...makeGuest(folder), disk: { image: base, format: 'raw' }, ...more };
  const vm = { provider: 'qemu', health: { path: '/' }, qemu };
  const host = new ProcessHost(folder, { vm }, QemuProvider);
  t.after(() => host.end());
  return host;
}

async function ask({ endpoint: { host, port } }: Instance, path: string): Promise<string> {
  const signal = AbortSignal.timeout(20_000);
  const response = await fetch(`http://${host}:${port}/cgi-bin/${path}`, { signal });
  assert.equal(response.status, 200);
  return await response.text();
}

/** @returns which run of the guest's kernel it is, and what its disk begins with. */
async function stateOf(instance: Instance): Promise<{ run: string; disk: string }> {
  const text = await eventually('the guest answers', () => ask(instance, 'state'), BOOT_MS);
  const [run = '', disk = ''] = text.split('\n');
  return { run, disk };
}

const pidOf = ({ id }: Instance): number => parseIdentity(id)?.pid ?? 0;
const consoleOf = (host: ProcessHost): Promise<string> =>
  host.provider.logTail(host.request('vm', 1), 10_000);

test(
  'a machine shuts down by its power button, keeps its disk, and delete removes it',
  needsGuest(),
  async (t) => {
    const host = machineHost(t, { accel: 'auto' });
    const first = await host.boot('vm', 1);
    await stateOf(first.instance);
    await ask(first.instance, 'write?remember');
    await host.stop('vm', 1);
    assert.equal(isAlive(pidOf(first.instance)), false);
    assert.match(await consoleOf(host), /the power button was pressed/);
    assert.ok(
      readFileSync(join(host.folder, 'base.img')).every((byte) => byte === 0),
      'the image is as it was',
    );
    const second = await host.boot('vm', 2);
    assert.equal((await stateOf(second.instance)).disk, 'remember');
    await host.stop('vm', 2, 'delete', true);
    assert.equal(isAlive(pidOf(second.instance)), false);
    assert.deepEqual(await host.provider.kept?.(quietContext()), []);
    assert.equal(existsSync(join(host.stateDir, 'qemu/vm/disk.qcow2')), false);
  },
);

test(
  'a suspended machine goes on with its memory, once, and another worker takes it over',
  needsGuest(),
  async (t) => {
    const host = machineHost(t);
    const first = await host.boot('vm', 1);
    const before = await stateOf(first.instance);
    await host.stop('vm', 1, 'suspend');
    assert.equal(isAlive(pidOf(first.instance)), false);
    assert.ok(existsSync(join(host.stateDir, 'qemu/vm/memory')));
    // As a worker does that was killed before it said that it was done.
    await host.stop('vm', 1, 'suspend');
    const second = await host.boot('vm', 2);
    assert.deepEqual(await stateOf(second.instance), before);
    assert.equal(second.adopted, false);
    assert.equal(existsSync(join(host.stateDir, 'qemu/vm/memory')), false);

    const other = host.anotherWorker();
    const third = await host.boot('vm', 3, other);
    assert.deepEqual([third.instance.id, third.adopted], [second.instance.id, true]);
    await host.stop('vm', 2);
    assert.equal((await stateOf(third.instance)).run, before.run);

    const died = other.watch(host.request('vm', 3), third.instance, quietContext());
    process.kill(pidOf(third.instance), 'SIGKILL');
    assert.match((await died)?.reason ?? '', /end|kill/);
    await host.stop('vm', 3);
    const fourth = await host.boot('vm', 4);
    assert.notEqual((await stateOf(fourth.instance)).run, before.run);
  },
);

test(
  'a suspension that was cut off before it was done is undone by the next boot',
  needsGuest(),
  async (t) => {
    const host = machineHost(t);
    const first = await host.boot('vm', 1);
    const before = await stateOf(first.instance);
    const gone = new AbortController();
    const context = { signal: gone.signal, heartbeat: () => gone.abort(new Error('the worker is gone')) };
    const options = { then: 'suspend', force: false } as const;
    await assert.rejects(host.provider.stop(host.request('vm', 1), undefined, options, context));
    const second = await host.boot('vm', 2, host.anotherWorker());
    assert.deepEqual([second.instance.id, await stateOf(second.instance)], [first.instance.id, before]);
  },
);

test(
  'a machine whose image has changed under its own disk is not booted, and says what to do',
  needsGuest(),
  async (t) => {
    const host = machineHost(t);
    await host.boot('vm', 1);
    await host.stop('vm', 1, 'stop', true);
    utimesSync(join(host.folder, 'base.img'), 1, 1);
    await assert.rejects(host.boot('vm', 2), /the disk image has changed.*reveille delete vm --yes/);
  },
);
