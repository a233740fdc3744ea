import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import {
  furnishPostgres,
  furnishSsh,
  postgresHealth,
  postgresProcess,
  runClient,
  sshdCommand,
  sshOptions,
  sshTarget,
} from '../kit/house-servers.js';
import { freePorts } from '../kit/ports.js';

const AFTER_MS = 2000;
const idle = { after: `${AFTER_MS}ms` };
const MIB = 2 ** 20;
/** With what a client sends first: so a scan wakes nothing. */
const door = (port: number) => [{ tcp: port, wakeAfter: 1 }];

/** Runs a test with an sshd that sleeps. */
async function withSshd(body: (house: House, port: number) => Promise<void>): Promise<void> {
  const [port = 0] = await freePorts(1);
  const process_ = { command: sshdCommand() };
  const box = { provider: 'process', process: process_, idle, routes: door(port) };
  const furnish = (folder: string) => {
    furnishSsh(folder);
    return {};
  };
  await House.live({ resources: { box }, furnish }, (house) =>
    thenAsleep(house, 'box', () => body(house, port)),
  );
}

/** Servers that write their titles over their environment are found by nobody who sweeps up after a test. */
async function thenAsleep(house: House, name: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } finally {
    await house.resources.stop(name);
    await house.untilAsleep(name);
  }
}

test(
  'SB14: ssh wakes a sleeping sshd, and a session keeps it awake however silent it is',
  needs('sshd'),
  () =>
    withSshd(async (house, port) => {
      const ssh = (command: string) =>
        runClient('ssh', [...sshOptions(house.folder), '-p', String(port), sshTarget, command]);
      const first = await ssh('echo $((6 * 7))');
      assert.equal(String(first.stdout), '42\n', first.stderr);
      await house.untilAsleep('box');
      const silent = await ssh(`sleep ${(2 * AFTER_MS) / 1000 + 1}; echo still here; exit 3`);
      assert.equal(String(silent.stdout), 'still here\n', silent.stderr);
      assert.equal(silent.code, 3);
      await house.untilAsleep('box');
    }),
);

test('SB14: scp copies to a sleeping machine and back, byte for byte', needs('sshd'), () =>
  withSshd(async (house, port) => {
    const scp = (...paths: string[]) =>
      runClient('scp', ['-q', ...sshOptions(house.folder), '-P', String(port), ...paths]);
    const bytes = randomBytes(16 * MIB);
    writeFileSync(house.path('sent'), bytes);
    const there = `${sshTarget}:${house.path('there')}`;
    const up = await scp(house.path('sent'), there);
    assert.equal(up.code, 0, up.stderr);
    await house.untilAsleep('box');
    const down = await scp(there, house.path('back'));
    assert.equal(down.code, 0, down.stderr);
    assert.ok(readFileSync(house.path('back')).equals(bytes));
  }),
);

test(
  'SB14: psql wakes a sleeping PostgreSQL, finds what it wrote before, and a port scan wakes nothing',
  needs('postgres'),
  async () => {
    const [port = 0] = await freePorts(1);
    const health = postgresHealth();
    const database = { provider: 'process', process: postgresProcess(), health, idle, routes: door(port) };
    const furnish = (folder: string) => {
      furnishPostgres(folder);
      return {};
    };
    await House.live({ resources: { database }, furnish }, (house) =>
      thenAsleep(house, 'database', () => wakesDatabase(house, port)),
    );
  },
);

async function wakesDatabase(house: House, port: number): Promise<void> {
  const psql = async (sql: string) => {
    const words = `-X -A -t -h 127.0.0.1 -p ${port} -U tester -d postgres -c`.split(' ');
    const { code, stdout, stderr } = await runClient('psql', [...words, sql]);
    assert.equal(code, 0, stderr);
    return String(stdout).trim();
  };
  for (let i = 0; i < 10; i++) await scan(port);
  assert.equal(await house.resources.openRun('database'), undefined);
  await psql('create table kept (n int); insert into kept select generate_series(1, 100000)');
  await house.untilAsleep('database');
  assert.equal(await psql('select sum(n) from kept'), '5000050000');
  const generation = async () => (await house.resources.status('database'))?.generation;
  const before = await generation();
  assert.equal(await psql(`select pg_sleep(${(2 * AFTER_MS) / 1000 + 1}), 'awake'`), '|awake');
  assert.equal(await generation(), before);
}

/** Connects and goes away, as scanners do. */
function scan(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end());
    socket.once('error', reject).once('close', () => resolve());
  });
}
