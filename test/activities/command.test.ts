import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CommandProvider } from '../../activities/providers/command/provider.js';
import type { BootRequest } from '../../activities/providers/contract.js';
import { configSchema } from '../../config/index.js';
import { eventually } from '../kit/conditions.js';
import { silentLog } from '../kit/silent-log.js';

const sh = (script: string): string[] => ['sh', '-c', script];
const client = { address: '192.0.2.7', port: 4711, localAddress: '127.0.0.1', localPort: 22 };

/** A provider without a workflow. PLACE is a folder for the commands. */
function bench(t: TestContext, command: Record<string, unknown>, rest: object = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-command-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const app = { provider: 'command', command: { ...command, env: { PLACE: folder } }, ...rest };
  const config = { ...configSchema.parse({ resources: { app } }), file: undefined, folder };
  const definition = config.resources.app;
  assert.ok(definition);
  const provider = new CommandProvider({
    config,
    stateDir: join(folder, 'state'),
    host: 'h',
    log: silentLog,
  });
  const request = (generation: number): BootRequest => ({
    name: 'app',
    params: { tenant: 'blue' },
    generation,
    revision: 'r',
    definition,
  });
  const context = (signal = AbortSignal.timeout(30_000)) => ({ signal, heartbeat: () => {} });
  const read = (file: string) =>
    existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '';
  const stop = (generation: number) =>
    provider.stop(request(generation), undefined, { then: 'stop', force: false }, context());
  return { provider, request, context, read, stop };
}

test('SB11: start sees both ends of the connection that woke it, its names and its parameters', async (t) => {
  const start = sh('env | grep -E "^(SOCAT|REVEILLE)_" | sort > "$PLACE/env"; echo 10.0.0.1 80');
  const { provider, request, context, read } = bench(t, { start });
  await provider.boot({ ...request(5), client }, context());
  assert.deepEqual(read('env').trim().split('\n'), [
    'REVEILLE_CLIENT_ADDRESS=192.0.2.7',
    'REVEILLE_CLIENT_PORT=4711',
    'REVEILLE_GENERATION=5',
    'REVEILLE_RESOURCE=app',
    'REVEILLE_TENANT=blue',
    'SOCAT_PEERADDR=192.0.2.7',
    'SOCAT_PEERPORT=4711',
    'SOCAT_SOCKADDR=127.0.0.1',
    'SOCAT_SOCKPORT=22',
  ]);
});

const isRoot = process.getuid?.() === 0;
test('SB7: the user of the settings runs the commands', {
  skip: !isRoot && 'engine absent: root',
}, async (t) => {
  const { provider, request, context } = bench(t, {
    start: sh('echo "$(id -un).example 80"'),
    user: 'nobody',
  });
  assert.equal((await provider.boot(request(1), context())).instance.endpoint.host, 'nobody.example');
});

test('SB6: a command that takes longer than its timeout is ended, with all that it started', async (t) => {
  const start = { run: sh('sleep 100 & echo $! > "$PLACE/pid"; wait'), timeout: '200ms' };
  const { provider, request, context, read } = bench(t, { start });
  await assert.rejects(provider.boot(request(1), context()), {
    code: 'BOOT_FAILED',
    message: 'the command for start ended with exit code 124',
  });
  const pid = read('pid').trim();
  await eventually('it is gone', () => !isRunning(pid));
});

test('a start that is called off is ended, and its stop runs after it', async (t) => {
  const start = sh(
    'trap "echo ended >> $PLACE/log; exit 1" TERM; echo began >> "$PLACE/log"; while :; do sleep 0.05; done',
  );
  const { provider, request, context, read, stop } = bench(t, {
    start,
    stop: sh('echo stop >> "$PLACE/log"'),
  });
  const off = new AbortController();
  const booting = assert.rejects(provider.boot(request(1), context(off.signal)));
  await eventually('it has begun', () => read('log') !== '');
  off.abort();
  await booting;
  await stop(1);
  assert.equal(read('log'), 'began\nended\nstop\n');
  await stop(1);
  assert.equal(read('log'), 'began\nended\nstop\n', 'SBF7: once');
  await assert.rejects(provider.boot(request(1), context()), { code: 'STALE_GENERATION' });
});

test('a start goes on when its worker ends, and the next worker takes its result', async (t) => {
  const start = sh(
    'echo began >> "$PLACE/log"; while [ ! -e "$PLACE/go" ]; do sleep 0.05; done; echo 10.0.0.1 80',
  );
  const { provider, request, context, read } = bench(t, { start });
  const ending = new AbortController();
  const first = assert.rejects(provider.boot(request(1), context(ending.signal)));
  await eventually('it has begun', () => read('log') !== '');
  ending.abort(new Error('WORKER_SHUTDOWN'));
  await first;
  const second = provider.boot(request(1), context());
  writeFileSync(join(request(1).definition.command?.env.PLACE ?? '', 'go'), '');
  assert.equal((await second).instance.endpoint.port, 80);
  assert.equal(read('log'), 'began\n');
});

test('what runs by its check is taken over with the endpoint that it had, and not started', async (t) => {
  const start = sh('echo start >> "$PLACE/log"; echo 10.0.0.1 80');
  const { provider, request, context, read } = bench(t, { start, check: sh('true') });
  const first = await provider.boot(request(1), context());
  const second = await provider.boot(request(2), context());
  assert.deepEqual([first.adopted, second.adopted], [false, true]);
  assert.equal(second.instance.id, first.instance.id);
  assert.equal(read('log'), 'start\n');
});

test('connections get their endpoints one after the other, and the same one asked for again the same', async (t) => {
  const start = sh(
    'n=$(cat "$PLACE/n" 2>/dev/null || echo 80); echo $((n + 1)) > "$PLACE/n"; echo 10.0.0.1 $n',
  );
  const routes = [{ tcp: 2222 }];
  const { provider, request, context } = bench(t, { start, perConnection: true }, { health: 'none', routes });
  const { instance } = await provider.boot(request(1), context());
  const connect = async (key: string) =>
    (await provider.connect(request(1), instance, { key, client }, context())).port;
  assert.deepEqual((await Promise.all(['a', 'b', 'c'].map(connect))).sort(), [80, 81, 82]);
  assert.equal(await connect('a'), await connect('a'));
});

function isRunning(pid: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
