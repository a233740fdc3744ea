import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { parse } from 'yaml';
import { eventually } from '../kit/conditions.js';
import { WholeHouse } from '../kit/house-up.js';
import { root } from '../kit/scripts.js';

interface Example {
  proxy: { identity?: object };
  resources: Record<string, Record<string, unknown>>;
}

/** An example's file, its commands started in its own folder. */
function example(name: string): Example {
  const folder = join(root, 'examples', name);
  const file = parse(readFileSync(join(folder, 'reveille.yaml'), 'utf8')) as Example;
  for (const one of Object.values(file.resources)) Object.assign(one.process as object, { cwd: folder });
  return file;
}

async function get(url: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const sending = request(url, { headers, agent: false }).end();
  const [response] = await once(sending, 'response');
  return { status: response.statusCode, body: await text(response) };
}

test('examples/previews: each has an address of its own, PUT makes one that stands, DELETE takes it out', () => {
  const { resources } = example('previews');
  return WholeHouse.live({ resources }, async (house) => {
    const open = (pr: string) => get(house.url('/'), { host: `${pr}.preview.localhost` });
    assert.match((await open('42')).body, /^pull request 42, plain/);
    assert.match((await open('7')).body, /^pull request 7, plain/);
    assert.equal((await open('0')).status, 400);
    const api = `http://${house.control}/api/v1/resources`;
    const headers = { 'content-type': 'application/json' };
    const params = { pr: '7', tier: 'gold' };
    const body = JSON.stringify({ template: 'preview', params, routes: [{ path: '/release' }] });
    assert.equal((await fetch(`${api}/release`, { method: 'PUT', headers, body })).status, 201);
    await eventually('the proxy has read it', async () => {
      const { body: seen } = await get(house.url('/release'), {});
      return seen.startsWith('pull request 7, gold');
    });
    assert.equal((await fetch(`${api}/release?confirm=yes`, { method: 'DELETE' })).status, 200);
    await eventually('its route is gone', async () => (await get(house.url('/release'), {})).status === 404);
    assert.equal((await fetch(`${api}/preview--42/stop?wait`, { method: 'POST' })).status, 200);
    assert.match((await open('42')).body, /^pull request 42, plain/);
  });
});

test('examples/notebooks: one URL, and behind it each user’s own', () => {
  const { resources, proxy } = example('notebooks');
  return WholeHouse.live({ resources, top: { proxy: { identity: proxy.identity } } }, async (house) => {
    const open = (user: string) => get(house.url('/'), { 'x-forwarded-user': user });
    assert.equal((await open('ann')).body, 'the notebook of ann, visit 1\n');
    assert.equal((await open('Bob B.')).body, 'the notebook of Bob B., visit 1\n');
    assert.equal((await open('ann')).body, 'the notebook of ann, visit 2\n');
    assert.equal((await get(house.url('/'), {})).status, 401);
  });
});
