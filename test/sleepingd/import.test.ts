import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { convert } from '../../cli/sleepingd/convert.js';
import { parseConfig } from '../../config/index.js';
import { root, start, tempFolder } from '../kit/scripts.js';

/** The resource that the last section of a sleepingd.conf becomes, checked as the file would be. */
function imported(conf: string, name = 'app') {
  const { resources } = convert(conf);
  const { resources: checked } = parseConfig(JSON.stringify({ resources }), 'reveille.yaml');
  const resource = checked[name];
  assert.ok(resource?.command, JSON.stringify(resources));
  return { ...resource, command: resource.command };
}

const app = (...lines: string[]): string => ['[app]', 'PORT=1080', 'START_CMD=./start', ...lines].join('\n');
const bash = (script: string): string[] => ['bash', '-c', script];
const NEVER = 36_500 * 24 * 3_600_000;

test('SB3: services inherit from the general section, and say otherwise where they want', () => {
  const general = 'STOP_CMD=./stop\nUSER=nobody\n';
  assert.deepEqual(imported(general + app()).command.stop, bash('./stop'));
  assert.equal(imported(general + app()).command.user, 'nobody');
  assert.deepEqual(imported(general + app('STOP_CMD=./halt')).command.stop, bash('./halt'));
});

test('SB3: ACTIVE is not inherited: a service runs unless it says no itself', () => {
  for (const [general, own, runs] of [
    ['', '', true],
    ['ACTIVE=no', '', true],
    ['ACTIVE=yes', 'ACTIVE=no', false],
    ['ACTIVE=no', 'ACTIVE=yes', true],
    ['', 'ACTIVE=false', false],
    ['', 'ACTIVE=TRUE', true],
  ] as const) {
    const { resources, skipped } = convert(`${general}\n${app(own)}`);
    assert.deepEqual([Object.keys(resources), skipped], [runs ? ['app'] : [], []], `${general}, ${own}`);
  }
});

test('SB3: the general section is a service too, where it says ACTIVE=yes and has a port', () => {
  assert.deepEqual(Object.keys(convert('PORT=1080\nSTART_CMD=./start').resources), []);
  const { services } = convert('ACTIVE=yes\nPORT=1080\nSTART_CMD=./start');
  assert.deepEqual(services, [{ name: 'sleepingd', title: 'sleepingd', port: 1080 }]);
});

test('SB4: PORT is the door, on all addresses; an invalid one costs its own service alone', () => {
  const [route] = imported(app()).routes;
  assert.equal(route && 'tcp' in route && route.tcp, '0.0.0.0:1080');
  const { resources, skipped } = convert(
    `[none]\n[word]\nPORT=http\n[big]\nPORT=65536\n${app()}\n[twice]\nPORT=1080`,
  );
  assert.deepEqual(Object.keys(resources), ['app']);
  assert.deepEqual(skipped, [
    '[none]: PORT is missing',
    '[word]: PORT is http, which is no port',
    '[big]: PORT is 65536, which is no port',
    '[twice]: PORT 1080 is that of [app]',
  ]);
});

test('SB5: CHECK_CMD, START_CMD and STOP_CMD, each with its default', () => {
  const { command } = imported(app('CHECK_CMD=./check', 'STOP_CMD=./stop'));
  const { check, start: begin, stop, perConnection } = command;
  assert.deepEqual(
    [check, begin, stop, perConnection],
    [bash('./check'), bash('./start'), bash('./stop'), false],
  );
  const bare = imported('[app]\nPORT=1080').command;
  assert.deepEqual(
    [bare.check, bare.start, bare.stop, bare.perConnection],
    [undefined, bash('false'), undefined, true],
  );
});

test('SB6: EXEC_CMD_TIMEOUT holds for each command that has no timeout of its own; blank is none', () => {
  const commands = app('CHECK_CMD=c', 'STOP_CMD=s', 'IDLE_CMD=i', 'IDLE_TIME=1', 'IDLE_CHECK_INTERVAL=1');
  const timeouts = (conf: string) => {
    const { command, idle } = imported(conf);
    const each = [command.check, command.start, command.stop].map((step) =>
      step === undefined || Array.isArray(step) ? undefined : step.timeout,
    );
    return [...each, idle.probe?.timeout];
  };
  const day = 24 * 3_600_000;
  assert.deepEqual(timeouts(commands), [undefined, undefined, undefined, day]);
  assert.deepEqual(timeouts(`EXEC_CMD_TIMEOUT=7\n${commands}`), [7000, 7000, 7000, 7000]);
  const own = 'CHECK_CMD_TIMEOUT=1\nSTART_CMD_TIMEOUT=2\nSTOP_CMD_TIMEOUT=3\nIDLE_CMD_TIMEOUT=4';
  assert.deepEqual(timeouts(`EXEC_CMD_TIMEOUT=7\n${commands}\n${own}`), [1000, 2000, 3000, 4000]);
  const blank = 'START_CMD_TIMEOUT=\nSTOP_CMD_TIMEOUT=';
  assert.deepEqual(timeouts(`EXEC_CMD_TIMEOUT=7\n${commands}\n${blank}`), [7000, undefined, undefined, 7000]);
});

test('SB7: USER runs the commands, the idle command too', () => {
  const { command, idle } = imported(
    app('USER=nobody', 'IDLE_CMD=i', 'IDLE_TIME=1', 'IDLE_CHECK_INTERVAL=1'),
  );
  assert.deepEqual([command.user, idle.probe?.user], ['nobody', 'nobody']);
  assert.equal(imported(app('USER=')).command.user, undefined);
});

test('SB8: IDLE_CMD, IDLE_TIME and IDLE_CHECK_INTERVAL; 0 or blank is off', () => {
  const whole = imported(app('IDLE_CMD=./idle', 'IDLE_TIME=20', 'IDLE_CHECK_INTERVAL=5')).idle;
  assert.deepEqual(
    [whole.after, whole.probe?.command, whole.probe?.interval],
    [20_000, bash('./idle'), 5000],
  );
  const byDefault = imported(app('IDLE_TIME=20', 'IDLE_CHECK_INTERVAL=5')).idle;
  assert.deepEqual([byDefault.after, byDefault.probe], [20_000, undefined]);
  for (const off of [
    [],
    ['IDLE_TIME=20'],
    ['IDLE_TIME=20', 'IDLE_CHECK_INTERVAL=0'],
    ['IDLE_CHECK_INTERVAL=5'],
  ]) {
    assert.equal(imported(app('IDLE_CMD=./idle', ...off)).idle.after, NEVER, String(off));
  }
  assert.equal(imported(app('IDLE_CMD=', 'IDLE_TIME=20', 'IDLE_CHECK_INTERVAL=5')).idle.after, NEVER);
});

test('SB9, SBF9: VARRUN_PATH is the state folder; without it nothing lies where others may write', () => {
  assert.equal(convert(`VARRUN_PATH=/run/reveille\n${app()}`).state, '/run/reveille');
  const { state, remarks } = convert(app('VARRUN_PATH=/var/tmp/x'));
  assert.equal(state, undefined);
  assert.match(String(remarks.app), /VARRUN_PATH=\/var\/tmp\/x has no counterpart/);
  assert.equal(parseConfig('', 'reveille.yaml').state, '.reveille');
});

test('an imported service is not probed: a server that takes one connection would be eaten', () => {
  assert.equal(imported(app()).health, 'none');
});

test('what looks like a reference of ours stays what it is to the shell', () => {
  assert.deepEqual(
    imported(app("STOP_CMD='echo ${env:HOME} $$'")).command.stop,
    bash('echo $${env:HOME} $$'),
  );
});

function reveille(context: TestContext, cwd: string, ...args: string[]) {
  return start(context, process.execPath, [join(root, 'bin/reveille.mjs'), ...args], { cwd }).ended;
}

test('reveille import prints a file that is valid, with comments, and tells on standard error what it skipped', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'sleepingd.conf'), `${app('FOO=bar')}\n[broken]\nPORT=x\n`);
  const { code, stdout, stderr } = await reveille(t, folder, 'import', 'sleepingd.conf');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /# CHECK_CMD is not set: START_CMD is run for each connection/);
  assert.equal(
    stderr,
    'skipped line 4: unknown parameter FOO\nskipped [broken]: PORT is x, which is no port\n',
  );
  writeFileSync(join(folder, 'reveille.yaml'), stdout);
  assert.match((await reveille(t, folder, 'check')).stdout, /app +command +.*tcp 0\.0\.0\.0:1080/);
});

test('SB2: without a name the file is looked for where sleepingd does', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, '.sleepingd'), app());
  const env = { ...process.env, HOME: folder };
  const args = [join(root, 'bin/reveille.mjs'), 'import', '--json'];
  const { code, stdout } = await start(t, process.execPath, args, { cwd: folder, env }).ended;
  assert.equal(code, 0);
  const { source, services } = JSON.parse(stdout);
  assert.deepEqual(
    [source, services],
    [join(folder, '.sleepingd'), [{ name: 'app', title: 'app', port: 1080 }]],
  );
});

test('reveille import --output writes a new file, and never over one that exists', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'sleepingd.conf'), app());
  const args = ['import', 'sleepingd.conf', '--output', 'made.yaml'];
  assert.equal((await reveille(t, folder, ...args)).code, 0);
  assert.match(readFileSync(join(folder, 'made.yaml'), 'utf8'), /perConnection: true/);
  writeFileSync(join(folder, 'made.yaml'), 'mine');
  const { code, stderr } = await reveille(t, folder, ...args);
  assert.equal(code, 1);
  assert.match(stderr, /made\.yaml exists already/);
  assert.equal(readFileSync(join(folder, 'made.yaml'), 'utf8'), 'mine');
});
