import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { lightApp, variables } from '../kit/light-app.js';

const USERS = 50;

test('50 users at once behind one URL get one boot each, and nobody sees another’s', needs('perl'), () => {
  const notebook = lightApp({
    pool: { key: ['{user}'] },
    routes: [{ path: '/user/{user}', strip: true }],
  });
  return House.live({ resources: { notebook } }, async (house) => {
    const users = Array.from({ length: USERS }, (_, index) => `user-${index}`);
    const asked = [...users, ...users, ...users];
    const answers = await Promise.all(
      asked.map(async (user) => {
        const response = await fetch(house.url(`/user/${user}/tree?who=${user}`));
        return { status: response.status, seen: variables(await response.text()) };
      }),
    );
    assert.deepEqual(
      answers.map(({ status, seen }) => [status, seen.REVEILLE_USER]),
      asked.map((user) => [200, user]),
    );
    const boots = readFileSync(house.path('boots'), 'utf8').trim().split('\n');
    assert.deepEqual(boots.sort(), users.map((user) => `notebook--${user}`).sort());
  });
});
