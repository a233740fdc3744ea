import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs } from '../kit/engines.js';
import { reveille } from '../kit/reveille.js';
import { until } from '../kit/scripts.js';
import { events, processesOf, site, startFake, untilUp } from '../kit/up.js';

const state = (folder: string, ...parts: string[]) => join(folder, '.reveille', ...parts);

test(
  'up starts all parts, says where they are, and ends them in order at SIGTERM',
  needs('temporal'),
  async (context) => {
    const place = await site(context);
    const running = startFake(context, place);
    await untilUp(running);
    assert.match(running.output(), new RegExp(`proxy +http://127.0.0.1:${place.proxy}\n`));
    assert.match(running.output(), new RegExp(`control +http://127.0.0.1:${place.control} `));
    assert.match(running.output(), new RegExp(`Temporal UI +http://127.0.0.1:${place.ui}/`));
    const words = processesOf(place).map(({ command }) => command);
    for (const part of [
      'reveille worker',
      'reveille proxy',
      'reveille control',
      'temporal server start-dev',
    ]) {
      assert.ok(
        words.some((command) => command.includes(part)),
        `${part} in ${words.join('\n')}`,
      );
    }
    running.child.kill('SIGTERM');
    assert.equal((await running.ended).code, 0);
    assert.deepEqual(events(place).slice(3), ['proxy closed', 'control closed', 'worker closed']);
    assert.deepEqual(processesOf(place), []);
  },
);

test('each child leads a process group of its own', needs('temporal'), async (context) => {
  const place = await site(context);
  const running = startFake(context, place);
  await untilUp(running);
  const groups = processesOf(place).map(
    ({ pid }) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2],
  );
  // up, Temporal (with its shell), worker, proxy, control.
  assert.equal(new Set(groups).size, 5);
  running.child.kill('SIGINT');
  assert.equal((await running.ended).code, 0);
});

test('when up is killed nothing of it stays, and the next one starts', needs('temporal'), async (context) => {
  const place = await site(context);
  const first = startFake(context, place);
  await untilUp(first);
  first.child.kill('SIGKILL');
  const second = startFake(context, place);
  await untilUp(second);
  assert.deepEqual(
    events(place)
      .filter((event) => event.endsWith('closed'))
      .sort(),
    ['control closed', 'proxy closed', 'worker closed'],
  );
  second.child.kill('SIGKILL');
  await until(() => processesOf(place).length === 0);
});

test(
  'SB15: a second up on the same state folder is refused, and says what runs already',
  needs('temporal'),
  async (context) => {
    const place = await site(context);
    const first = startFake(context, place);
    await untilUp(first);
    const { code, stderr } = await startFake(context, place).ended;
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`ALREADY_RUNNING: .*process ${first.child.pid}`));
    first.child.kill('SIGTERM');
    assert.equal((await first.ended).code, 0);
  },
);

test('SB15: a reload where nothing runs says so', async (context) => {
  const place = await site(context);
  const { code, stderr } = await reveille(context, place, 'reload').ended;
  assert.equal(code, 1);
  assert.match(stderr, /NOT_RUNNING: no `reveille up` runs on /);
});

test('a damaged database is moved aside and a fresh one used', needs('temporal'), async (context) => {
  const place = await site(context);
  mkdirSync(state(place.folder));
  writeFileSync(state(place.folder, 'temporal.db'), 'this is no database');
  const running = startFake(context, place);
  await untilUp(running);
  const aside = readdirSync(state(place.folder)).find((name) => name.startsWith('temporal.db.broken-')) ?? '';
  assert.equal(readFileSync(state(place.folder, aside), 'utf8'), 'this is no database');
  assert.match(running.output(), /database was damaged .*moved to .*temporal\.db\.broken-/);
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
});

test(
  'a part that dies is started again, and the proxy refuses nobody meanwhile',
  needs('temporal'),
  async (context) => {
    const place = await site(context);
    const running = startFake(context, place);
    await untilUp(running);
    const first = await get(place.proxy, '/');
    await assert.rejects(get(place.proxy, '/crash'));
    // It waits in the kernel's queue until the next proxy accepts.
    const second = await get(place.proxy, '/');
    assert.match(second, /^proxy \d+$/);
    assert.notEqual(second, first);
    await until(() =>
      running.output().includes('proxy error: this should not happen: ending: a mistake of the proxy'),
    );
    running.child.kill('SIGTERM');
    assert.equal((await running.ended).code, 0);
  },
);

test('Temporal is started again when it is killed', needs('temporal'), async (context) => {
  const place = await site(context);
  const running = startFake(context, place);
  await untilUp(running);
  const server = () =>
    processesOf(place).find(({ command }) => /^\S*temporal server start-dev/.test(command))?.pid;
  const old = server();
  assert.ok(old);
  process.kill(old, 'SIGKILL');
  await until(() => server() !== undefined && server() !== old);
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
});

test('SIGHUP reloads a right configuration and refuses a wrong one', needs('temporal'), async (context) => {
  const place = await site(context);
  const running = startFake(context, place);
  await untilUp(running);
  const right = readFileSync(place.file, 'utf8');
  writeFileSync(place.file, `${right}nonsense: 1\n`);
  running.child.kill('SIGHUP');
  await until(() => running.output().includes('the configuration is refused'));
  writeFileSync(place.file, `${right}onExit: keep\n`);
  running.child.kill('SIGHUP');
  await until(() => events(place).filter((event) => event.endsWith('reloaded keep')).length === 3);
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
});

/** On a connection of its own: what a pool keeps open may be the one that is about to break. */
function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    http
      .get({ port, path, agent: false }, async (response) =>
        resolve(String(Buffer.concat(await response.toArray()))),
      )
      .on('error', reject);
  });
}
