import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fakeProgram, startScript, tempFolder, until } from '../kit/scripts.js';

/** Nothing listens there: the download fails at once. */
const NO_ARCHIVE = 'https://127.0.0.1:9/temporal.tar.gz';
const WORKS = 'echo temporal version test';
const GO = (build: string) => `
  if [ "$1" = version ]; then echo go version go1.26.1 linux/amd64; exit; fi
  echo "$@" >> "$HOME/go-calls"
  ${build}`;
const BUILD_OK = GO(`printf '#!/bin/sh\\n${WORKS}\\n' > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"`);

/** A machine of its own: its PATH, its cache. */
function machine(context: TestContext) {
  const home = tempFolder(context);
  const bin = join(home, 'bin');
  mkdirSync(bin);
  const env = { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), PATH: `${bin}:/usr/bin:/bin` };
  const ensure = () =>
    startScript(
      context,
      'setup/temporal.mjs',
      `import { interruptible } from ${JSON.stringify(new URL('../../../scripts/setup/index.mjs', import.meta.url).href)};
       await interruptible(async (signal) => {
         process.stdout.write(await m.ensureTemporal({ signal, archiveUrl: '${NO_ARCHIVE}' }));
       });`,
      { env },
    );
  const cached = join(home, 'cache/reveille', `temporal-1.5.1-${process.platform}-${arch()}`, 'temporal');
  const calls = () =>
    existsSync(join(home, 'go-calls')) ? readFileSync(join(home, 'go-calls'), 'utf8') : '';
  return { bin, cached, ensure, calls };
}
const arch = () => ({ x64: 'amd64' })[process.arch as 'x64'] ?? process.arch;

test('a Temporal on PATH that runs is taken', async (context) => {
  const { bin, ensure } = machine(context);
  fakeProgram(bin, 'temporal', WORKS);
  assert.equal((await ensure().ended).stdout, join(bin, 'temporal'));
});

test('without Temporal, network and Go, the error names the remedy', async (context) => {
  const { ensure } = machine(context);
  const { code, stderr } = await ensure().ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    /error TEMPORAL_MISSING: .*no Go here.*\n.*Install the Temporal CLI.*TEMPORAL_ADDRESS/,
  );
});

test('a Go that is too old is told apart from none', async (context) => {
  const { bin, ensure } = machine(context);
  fakeProgram(bin, 'go', 'echo go version go1.19.8 linux/amd64');
  assert.match((await ensure().ended).stderr, /TEMPORAL_MISSING: Go 1\.19 is too old/);
});

test('a failing build tells the end of its output, and leaves nothing behind', async (context) => {
  const { bin, cached, ensure } = machine(context);
  fakeProgram(bin, 'go', GO('echo no space left on device >&2; exit 1'));
  const { code, stderr } = await ensure().ended;
  assert.equal(code, 1);
  assert.match(stderr, /no space left on device/);
  assert.deepEqual(readdirSync(dirname(cached)), []);
});

test('Temporal is built into the cache, once', async (context) => {
  const { bin, cached, ensure, calls } = machine(context);
  fakeProgram(bin, 'go', BUILD_OK);
  assert.equal((await ensure().ended).stdout, cached);
  assert.equal((await ensure().ended).stdout, cached);
  assert.equal(calls(), 'install -v -ldflags -s -w github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
});

for (const [what, content] of [
  ['empty', ''],
  ['of another machine', '\x7fELF\x02\x01\x01garbage'],
] as const) {
  test(`a cached binary that is ${what} is replaced`, async (context) => {
    const { bin, cached, ensure } = machine(context);
    fakeProgram(bin, 'go', BUILD_OK);
    mkdirSync(dirname(cached), { recursive: true });
    writeFileSync(cached, content, { mode: 0o755 });
    assert.equal((await ensure().ended).stdout, cached);
    assert.match(readFileSync(cached, 'utf8'), /temporal version test/);
  });
}

test('an interrupted build ends its children and leaves nothing; run again, it succeeds', async (context) => {
  const { bin, cached, ensure, calls } = machine(context);
  fakeProgram(bin, 'go', GO('echo $$ > "$HOME/go-pid"; touch "$GOBIN/temporal"; sleep 600'));
  const first = ensure();
  const pidFile = join(bin, '../go-pid');
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').trim() !== '');
  const pid = Number(readFileSync(pidFile, 'utf8'));
  first.child.kill('SIGTERM');
  const { code } = await first.ended;
  assert.equal(code, 143);
  await until(() => !existsSync(`/proc/${pid}/exe`));
  assert.deepEqual(readdirSync(dirname(cached)), []);
  fakeProgram(bin, 'go', BUILD_OK);
  assert.equal((await ensure().ended).stdout, cached);
  assert.equal(calls().trim().split('\n').length, 2);
});

test('a set-up that was killed is mended by the next', async (context) => {
  const { bin, cached, ensure } = machine(context);
  fakeProgram(bin, 'go', GO('echo $$ > "$HOME/go-pid"; sleep 600'));
  const first = ensure();
  const pidFile = join(bin, '../go-pid');
  await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').trim() !== '');
  first.child.kill('SIGKILL');
  await first.ended.catch(() => {});
  process.kill(-Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  fakeProgram(bin, 'go', BUILD_OK);
  assert.equal((await ensure().ended).stdout, cached);
  assert.deepEqual(readdirSync(dirname(cached)), ['temporal']);
});

test('two set-ups at once build once', async (context) => {
  const { bin, cached, ensure, calls } = machine(context);
  fakeProgram(
    bin,
    'go',
    BUILD_OK.replace('printf', 'while [ ! -e "$HOME/go" ]; do sleep 0.05; done; printf'),
  );
  const first = ensure();
  await until(() => calls() !== '');
  const second = ensure();
  await until(() => second.output().includes('waiting for it'));
  writeFileSync(join(bin, '../go'), '');
  assert.equal((await first.ended).stdout, cached);
  assert.equal((await second.ended).stdout, cached);
  assert.equal(calls().trim().split('\n').length, 1);
});
