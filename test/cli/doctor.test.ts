import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { clockSkewMs } from '../../cli/doctor/clock.js';
import { connectTemporal } from '../../temporal/index.js';
import { configOf } from '../kit/control.js';
import { engine, needs } from '../kit/engines.js';
import { root, start, until } from '../kit/scripts.js';
import { TemporalServer } from '../kit/temporal-server.js';
import { type Site, site, startFake, untilUp } from '../kit/up.js';

interface Finding {
  check: string;
  result: string;
  message: string;
  remedy?: string;
}

const APP = 'process: { command: [node, -e, ""] }, routes: [{ path: / }]';

async function doctor(context: TestContext, { file }: Pick<Site, 'file'>, ...args: string[]) {
  const program = [join(root, 'bin/reveille.mjs'), 'doctor', '--config', file, ...args];
  const env = { ...process.env, REVEILLE_TEMPORAL: engine('temporal') };
  return start(context, process.execPath, program, { env }).ended;
}

/** What it found, by what was looked at and with what result. */
async function found(context: TestContext, place: Pick<Site, 'file'>) {
  const { code, stdout } = await doctor(context, place, '--json');
  const { ok, checks }: { ok: boolean; checks: Finding[] } = JSON.parse(stdout);
  const of = (check: string, result: string) =>
    checks.filter((one) => one.check === check && one.result === result).map(({ message }) => message);
  return { code, ok, checks, of };
}

async function occupy(context: TestContext, port = 0): Promise<number> {
  const server = http.createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('where nothing is wrong each check is one line, and the exit code 0', needs('temporal'), async (t) => {
  const place = await site(t, `resources: { app: { provider: process, ${APP} } }\n`);
  const { code, stdout } = await doctor(t, place);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^ok {7}configuration {2}\S+reveille\.yaml is valid$/m);
  assert.match(stdout, /^ok {7}temporal {7}\S+ runs$/m);
  assert.match(stdout, /^skipped {2}temporal .*`reveille up` starts it$/m);
  assert.match(stdout, /^ok {7}process .*app/m);
  assert.match(stdout, new RegExp(`^ok {7}port .*127\\.0\\.0\\.1:${place.proxy} .*is free$`, 'm'));
  assert.match(stdout, /\nnothing is wrong\n$/);
});

test('a configuration that is wrong is told with all its issues, and ends it with 1', async (t) => {
  const place = await site(t, 'onExit: never\nreconcile: soon\n');
  const { code, ok, of } = await found(t, place);
  assert.deepEqual([code, ok], [1, false]);
  assert.equal(of('configuration', 'wrong').length, 2);
  const missing = await found(t, { file: join(place.folder, 'missing.yaml') });
  assert.match(missing.of('configuration', 'wrong').join(), /missing\.yaml cannot be read/);
});

test('what is missing for a provider is named with its resource', needs('temporal'), async (t) => {
  const place = await site(
    t,
    `resources:
  app: { provider: process, process: { command: [no-such-program] }, routes: [{ path: /app }] }
  shop: { provider: process, process: { command: [node], cwd: nowhere }, routes: [{ path: /shop }] }
  box: { provider: command, command: { start: [node], stop: [./no-stop] }, endpoint: { port: 1 }, routes: [{ path: /box }] }
  vm: { provider: qemu, qemu: { program: no-such-qemu, disk: { image: none.qcow2 } }, health: { path: /healthz }, routes: [{ path: /vm }] }
  sea: { provider: docker, docker: { image: web, port: 80, engine: "unix:///nonexistent/docker.sock" }, routes: [{ path: /sea }] }
`,
  );
  const { code, of, checks } = await found(t, place);
  assert.deepEqual([code, of('configuration', 'wrong')], [1, []]);
  const programs = of('process', 'wrong').join('\n');
  assert.match(programs, /^app: .*no-such-program/m);
  assert.match(programs, /^shop: .*nowhere/m);
  assert.match(of('command', 'wrong').join('\n'), /^box: .*no-stop/m);
  const machines = of('qemu', 'wrong').join('\n');
  assert.match(machines, /no-such-qemu.* cannot be found/);
  assert.match(machines, /^vm: .*none\.qcow2 is not there/m);
  assert.match(of('docker', 'wrong').join(), /nonexistent\/docker\.sock does not answer: ENOENT/);
  for (const { result, remedy, message } of checks)
    if (result === 'wrong') assert.ok(remedy, `${message} says what to do`);
});

test(
  'a service of the provider http counts as there when it answers anything',
  needs('temporal'),
  async (t) => {
    const port = await occupy(t);
    const closed = await site(t);
    const resource = (name: string, at: number) =>
      `  ${name}: { provider: http, http: { url: "http://127.0.0.1:${at}", preset: atmosphere }, routes: [{ path: /${name} }] }\n`;
    const place = await site(t, `resources:\n${resource('there', port)}${resource('gone', closed.proxy)}`);
    const { of, checks } = await found(t, place);
    assert.deepEqual(of('http', 'ok'), [`http://127.0.0.1:${port} answers`], JSON.stringify(checks));
    assert.match(
      of('http', 'wrong').join(),
      new RegExp(`^gone: no answer from http://127.0.0.1:${closed.proxy}`),
    );
  },
);

test('a port that another program has is wrong, with who has it', needs('temporal'), async (t) => {
  const place = await site(t);
  await occupy(t, place.control);
  const { code, of } = await found(t, place);
  assert.equal(code, 1);
  const message = of('port', 'wrong').join();
  assert.match(message, new RegExp(`:${place.control} \\(the control address, control.listen\\)`));
  assert.match(message, new RegExp(`in use by process ${process.pid} `));
});

test('beside a `reveille up` its ports are ours, Temporal answers and the clock is right', {
  ...needs('temporal'),
}, async (t) => {
  const place = await site(t);
  await untilUp(startFake(t, place));
  const { code, of, checks } = await found(t, place);
  assert.equal(code, 0, JSON.stringify(checks));
  const ours = of('port', 'ok');
  assert.equal(ours.length, 4);
  for (const message of ours) assert.match(message, / is ours$/);
  assert.match(
    of('temporal', 'ok').join('\n'),
    new RegExp(`127.0.0.1:${place.temporal} answers, version \\d`),
  );
  assert.match(of('temporal', 'ok').join('\n'), /search attributes are registered/);
  assert.deepEqual(of('clock', 'ok'), ['as that of the Temporal server']);
});

test('a Temporal that does not answer, and a namespace that is not there, are wrong', {
  ...needs('temporal'),
}, async (t) => {
  const server = await TemporalServer.start();
  t.after(() => server.kill());
  const place = await site(t);
  const remote = (address: string) => {
    const text = readFileSync(place.file, 'utf8').replace(
      /^temporal: .*$/m,
      `temporal: { address: "${address}", namespace: elsewhere }`,
    );
    writeFileSync(place.file, text);
  };
  remote(server.address);
  const absent = await found(t, place);
  assert.equal(absent.code, 1);
  assert.match(absent.of('temporal', 'wrong').join(), /the namespace elsewhere does not exist/);
  assert.equal(absent.of('port', 'ok').length, 2);
  await server.kill();
  const gone = await found(t, place);
  assert.equal(gone.code, 1);
  assert.match(gone.of('temporal', 'wrong').join(), new RegExp(`no answer from ${server.address}`));
});

test(
  'search attributes that are missing are a warning with the command that registers them',
  needs('temporal'),
  async (t) => {
    const server = await TemporalServer.start();
    t.after(() => server.kill());
    const place = await site(t);
    const text = readFileSync(place.file, 'utf8');
    const address = `temporal: { address: "${server.address}" }`;
    writeFileSync(place.file, text.replace(/^temporal: .*$/m, address));
    assert.match((await found(t, place)).of('temporal', 'ok').join(), /attributes are registered/);
    const temporal = connectTemporal(configOf(t, address));
    t.after(() => temporal.close());
    const { operatorService } = temporal.client.connection;
    await operatorService.removeSearchAttributes({
      namespace: 'default',
      searchAttributes: ['ReveillePhase'],
    });
    await until(async () => {
      const { code, checks } = await found(t, place);
      assert.equal(code, 0, JSON.stringify(checks));
      const warning = checks.find(({ result }) => result === 'warning');
      return warning?.remedy?.includes('search-attribute create --namespace default --name') === true;
    });
  },
);

test("the server's clock is compared with ours, to the seconds", needs('temporal'), async (t) => {
  const server = await TemporalServer.start();
  t.after(() => server.kill());
  const temporal = connectTemporal(configOf(t, `temporal: { address: "${server.address}" }`));
  t.after(() => temporal.close());
  assert.equal(await clockSkewMs(temporal), 0);
  const behind = await clockSkewMs(temporal, () => Date.now() - 60_000);
  assert.ok(behind > 50_000 && behind <= 60_000, `${behind}`);
  const ahead = await clockSkewMs(temporal, () => Date.now() + 60_000);
  assert.ok(ahead < -50_000 && ahead >= -60_000, `${ahead}`);
});

test('a folder that cannot be one, and a disk that is too full, are wrong', needs('temporal'), async (t) => {
  const place = await site(t);
  writeFileSync(join(place.folder, 'file'), '');
  appendFileSync(
    place.file,
    `state: file/state
images: { directory: images, keepFree: 900000TB }
resources:
  app: { provider: process, process: { command: [node], images: { data: { url: "https://example.org/a" } } }, routes: [{ path: / }] }
`,
  );
  const { code, of } = await found(t, place);
  assert.deepEqual([code, of('configuration', 'wrong')], [1, []]);
  assert.match(of('folder', 'wrong').join(), /file\/state \(state\): \S+\/file is not a folder/);
  assert.match(of('disk', 'wrong').join(), /images \(images\.directory\): \d+ MB are free, \d+ MB should be/);
});

test('a folder of another user is wrong', {
  skip: process.getuid?.() !== 0 && 'another user takes root',
}, async (t) => {
  const place = await site(t);
  mkdirSync(join(place.folder, '.reveille'), { mode: 0o700 });
  // What is looked at is what the user of the process may do.
  const code = `process.setgid(65534); process.setuid(65534);
    const { checkFolders } = await import(${JSON.stringify(join(root, 'dist/cli/doctor/folders.js'))});
    console.log(JSON.stringify(await checkFolders(${JSON.stringify({ folder: place.folder, state: '.reveille', temporal: { address: 'h:1' }, resources: {} })})));`;
  const { stdout, stderr } = await start(t, process.execPath, ['--input-type=module', '-e', code]).ended;
  const [finding]: Finding[] = JSON.parse(stdout || `[{"message":${JSON.stringify(stderr)}}]`);
  assert.match(finding?.message ?? '', /\.reveille \(state\): \S+ is not nobody's to write/);
});
