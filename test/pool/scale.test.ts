import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { lightApp, variables } from '../kit/light-app.js';

test(
  'SP6: a pool goes from zero to one to many by requests in flight, and back to zero',
  needs('perl'),
  () => {
    const web = lightApp({
      pool: { max: 3, per: 2 },
      idle: { after: '2s' },
      routes: [{ path: '/' }],
    });
    return House.live({ resources: { web } }, async (house) => {
      const open = async () => (await house.resources.list()).sort();
      const ask = async (path = '/') => variables(await (await fetch(house.url(path))).text());
      assert.deepEqual(await open(), []);
      const { REVEILLE_MEMBER, REVEILLE_RESOURCE } = await ask();
      assert.deepEqual([REVEILLE_MEMBER, REVEILLE_RESOURCE], ['1', 'web--1']);
      assert.deepEqual(await open(), ['web--1']);
      const served = new Set<string>();
      const load = async () => {
        const answers = await Promise.all(Array.from({ length: 6 }, () => ask('/slow')));
        for (const answer of answers) served.add(answer.REVEILLE_RESOURCE ?? '');
        return served.size === 3;
      };
      await eventually('six at once are served by three members', load);
      assert.deepEqual(await open(), ['web--1', 'web--2', 'web--3']);
      const one = async () => {
        await ask();
        return (await open()).join() === 'web--1';
      };
      await eventually('one request after the other leaves but one awake', one);
      await eventually('nobody is awake without requests', async () => (await open()).length === 0);
    });
  },
);
