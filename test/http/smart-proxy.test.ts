import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { root } from '../kit/scripts.js';

/** What the file of the example says, with the cloud somewhere else. */
function exampleAt(cloud: string) {
  const text = readFileSync(join(root, 'examples/smart-proxy/reveille.yaml'), 'utf8');
  const { proxy, resources } = parse(text.replace('http://127.0.0.1:5000', cloud));
  return { identity: proxy.identity as object, resources };
}

/** The mock of examples/, with boots as long as they are there unless it says so. */
async function withCloud(
  longestBoot: string,
  body: (cloud: string, calls: () => string[]) => Promise<void>,
): Promise<void> {
  const script = join(root, 'examples/smart-proxy/atmosphere-mock.js');
  const child = spawn(process.execPath, [script, '--port', '0', '--longest-boot', longestBoot]);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  try {
    const cloud = await eventually('the cloud listens', () => /listens at (\S+)/.exec(said)?.[1]);
    await body(cloud, () => said.split('\n').filter((line) => /^(GET|POST)/.test(line)));
  } finally {
    child.kill('SIGKILL');
  }
}

async function inHouse(
  longestBoot: string,
  body: (house: House, calls: () => string[]) => Promise<void>,
): Promise<void> {
  await withCloud(longestBoot, async (cloud, calls) => {
    const { identity, resources } = exampleAt(cloud);
    const top = { proxy: { listen: '127.0.0.1:0', identity } };
    await House.live({ resources, top }, (house) => body(house, calls));
  });
}

const spawns = (calls: readonly string[]) => calls.filter((line) => line.startsWith('POST /span_as'));

async function get(house: House, path: string): Promise<string> {
  const response = await fetch(house.url(path));
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text.trim();
}

test('SP8, SPF1: the URL of the README is held while a machine boots for up to 10 s, and forwarded with path and query', async () => {
  await inHouse('10', async (house, calls) => {
    const path = '/smart_proxy/lab/g1,g2/additional/forwarded/path?a=1&b=%2F';
    const answer = 'machine 1 of lab for g1,g2: GET /additional/forwarded/path?a=1&b=%2F';
    assert.equal(await get(house, path), answer);
    assert.deepEqual(
      spawns(calls()),
      ['POST /span_as/lab/for_user_with_groups/g1,g2 202'],
      'SP4: spawned there',
    );
    assert.equal(calls()[0], 'GET /get_vm/lab/for_user_with_groups/g1,g2 404', 'SP3: looked up first');
    assert.ok(
      calls().includes('GET /get_vm/lab/for_user_with_groups/g1,g2 200'),
      'SP5: until there is a URL',
    );
    // A running machine is forwarded to at once: the cloud is not asked.
    const before = calls().length;
    assert.equal(await get(house, path), answer);
    assert.equal(calls().length, before);
  });
});

test('SPF2, SPF6: many at once spawn one machine for each set of groups, and who waits for one holds nobody up', async () => {
  await inHouse('2', async (house, calls) => {
    const ask = (groups: string) => get(house, `/smart_proxy/lab/${groups}/x`);
    const answers = await Promise.all(['g1', 'g2', 'g1', 'g2', 'g1', 'g2'].map(ask));
    assert.equal(new Set(answers).size, 2);
    assert.equal(spawns(calls()).length, 2);
  });
});

test('SPF4: a spawn that the service refuses is told to who waits', async () => {
  await withCloud('0', async (cloud) => {
    const { resources } = exampleAt(cloud);
    const { lab } = resources;
    const refused = {
      ...lab,
      http: { ...lab.http, spawn: { method: 'POST', path: '/nothing/{as}' } },
      routes: [{ path: '/refused' }],
    };
    delete refused.pool;
    await House.live({ resources: { refused } }, async (house) => {
      const response = await fetch(house.url('/refused/'), { headers: { accept: 'application/json' } });
      const problem = (await response.json()) as { code?: string; detail?: string };
      assert.deepEqual([response.status, problem.code], [503, 'BOOT_FAILED']);
      assert.match(JSON.stringify(problem), /the service answered the spawn with 404/);
    });
  });
});

test('SPF8: a machine that nobody uses is ended', async () => {
  await withCloud('0', async (cloud, calls) => {
    const { identity, resources } = exampleAt(cloud);
    const lab = { ...resources.lab, idle: { after: '1s' } };
    const top = { proxy: { listen: '127.0.0.1:0', identity } };
    await House.live({ resources: { lab }, top }, async (house) => {
      await get(house, '/smart_proxy/lab/g1/');
      await eventually('it is stopped', () =>
        calls().includes('POST /stop_as/lab/for_user_with_groups/g1 204'),
      );
    });
  });
});
