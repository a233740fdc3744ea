import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { lightApp, variables } from '../kit/light-app.js';

const USERS = Array.from({ length: 10 }, (_, index) => `User.${index}`);

test(
  'a worker killed while members boot: its successor ends their boots, one each, everybody has their own',
  needs('perl'),
  () => {
    const pool = { key: ['{user}'] };
    const notebook = lightApp({ pool, routes: [{ path: '/u/{user}' }] }, { LISTEN_WHEN: 'may-listen' });
    return House.live({ resources: { notebook } }, async (house) => {
      const boots = () => (existsSync(house.path('boots')) ? readFileSync(house.path('boots'), 'utf8') : '');
      const count = () => boots().split('\n').length - 1;
      const asked = USERS.map(async (user) => variables(await (await fetch(house.url(`/u/${user}`))).text()));
      await eventually('all boot', () => count() === USERS.length);
      await house.worker.end('SIGKILL');
      await house.startWorker();
      house.allow('may-listen');
      const seen = await Promise.all(asked);
      assert.deepEqual(
        seen.map(({ REVEILLE_USER }) => REVEILLE_USER),
        USERS,
      );
      assert.equal(count(), USERS.length, boots());
    });
  },
);

test(
  'members that stay while their executions are lost are adopted by the next reconciling',
  needs('perl'),
  () => {
    const notebook = lightApp({ pool: { key: ['{user}'] }, routes: [{ path: '/u/{user}' }] });
    return House.live({ resources: { notebook }, top: { reconcile: '1s' } }, async (house) => {
      const ask = async () => variables(await (await fetch(house.url('/u/A.B'))).text());
      const before = await ask();
      const name = before.REVEILLE_RESOURCE ?? '';
      await house.connection.client.workflow.getHandle(`resource:${name}`).terminate();
      const adopted = await eventually('it is adopted', () => house.resources.status(name));
      assert.deepEqual(adopted.params, { user: 'A.B' });
      assert.equal((await ask()).REVEILLE_GENERATION, before.REVEILLE_GENERATION, 'the same process');
    });
  },
);

test('a pool that is taken out of the configuration takes its members with it', needs('perl'), () => {
  const web = lightApp({ pool: { key: ['{user}'] }, routes: [{ path: '/u/{user}' }] });
  const other = lightApp({ routes: [{ path: '/other' }] });
  return House.live({ resources: { web, other } }, async (house) => {
    for (const path of ['/u/ann', '/u/Bob', '/other']) await (await fetch(house.url(path))).text();
    const file = JSON.parse(readFileSync(house.file, 'utf8')) as { resources: { web?: object } };
    delete file.resources.web;
    writeFileSync(house.file, JSON.stringify(file));
    for (const { pid } of [house.worker, house.proxy]) process.kill(pid, 'SIGHUP');
    await eventually(
      'only the other is awake',
      async () => (await house.resources.list()).join() === 'other',
    );
    await eventually('its route is gone', async () => (await fetch(house.url('/u/ann'))).status === 404);
  });
});
