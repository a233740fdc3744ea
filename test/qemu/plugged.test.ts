import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeGuest, needsGuest } from '../kit/guest.js';
import { House } from '../kit/house.js';
import { makeTap, needsTap } from '../kit/tap.js';

function guestOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-plugged-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return makeGuest(folder);
}

const [absent] = [needsGuest(), needsTap()].filter(({ skip }) => skip !== false);

test('a machine on a tap device answers at its own address, to fifty at once, sleeps and wakes', {
  skip: absent?.skip ?? false,
}, async (t) => {
  const { kernel, ...guest } = guestOf(t);
  const { device, guest: host } = makeTap(t);
  const append = `${kernel.append} ADDRESS=${host}`;
  const box = {
    provider: 'qemu',
    qemu: { ...guest, kernel: { ...kernel, append }, network: { tap: device } },
    endpoint: { host, port: 80 },
    // Its address has a port that its own kernel refuses until somebody listens: told apart from a server.
    health: { tcp: true, timeout: '2m', attempt: '500ms' },
    idle: { after: '10m' },
    routes: [{ path: '/' }],
  };
  await House.live({ resources: { box } }, async (house) => {
    const run = async () => await (await fetch(house.url('/cgi-bin/state'))).text();
    const first = await run();
    const all = await Promise.all(Array.from({ length: 50 }, run));
    assert.deepEqual([...new Set(all)], [first]);
    assert.deepEqual((await house.resources.status('box'))?.instance?.endpoint, { host, port: 80 });
    await house.resources.stop('box');
    await house.untilAsleep('box');
    assert.deepEqual(house.instancesOf('box'), []);
    assert.notEqual(await run(), first, 'another run of its kernel');
  });
});

test('a machine finds what cloudInit says on a disk that is called cidata', needsGuest(), async (t) => {
  process.env.SEED_TEST_WORD = 'by reference';
  t.after(() => delete process.env.SEED_TEST_WORD);
  const userData = '#!/bin/sh\ncp /seed/* /www/\necho "user-data, ${env:SEED_TEST_WORD}" > /www/index.html\n';
  const box = {
    provider: 'qemu',
    qemu: { ...guestOf(t), cloudInit: { userData, networkConfig: 'version: 2\n' } },
    health: { path: '/meta-data', status: 200, timeout: '2m', attempt: '500ms' },
    routes: [{ path: '/' }],
  };
  await House.live({ resources: { box } }, async (house) => {
    const page = async (path: string) => await (await fetch(house.url(path))).text();
    assert.equal(await page('/'), 'user-data, by reference\n');
    assert.equal(await page('/meta-data'), 'instance-id: box\nlocal-hostname: box\n');
    assert.equal(await page('/network-config'), 'version: 2\n');
  });
});
