import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeGuest, needsGuest } from '../kit/guest.js';
import { House } from '../kit/house.js';
import { runClient } from '../kit/house-servers.js';
import { freePorts } from '../kit/ports.js';

const SSH = [
  ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
  ...['-o', 'PreferredAuthentications=none', '-o', 'BatchMode=yes', '-F', 'none'],
];

test(
  'servers in virtual machines sleep and wake by HTTP, with their memory, and by ssh',
  needsGuest(),
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reveille-guest-'));
    const [door = 0] = await freePorts(1);
    const qemu = makeGuest(folder);
    const rest = { provider: 'qemu', idle: { after: '3s', then: 'suspend' } };
    const resources = {
      web: { ...rest, qemu, health: { path: '/', timeout: '2m' }, routes: [{ path: '/' }] },
      box: {
        ...rest,
        qemu: { ...qemu, guestPort: 22 },
        health: { tcp: true, greets: true, timeout: '2m' },
        routes: [{ tcp: door, wakeAfter: 1 }],
      },
    };
    try {
      await House.live({ resources }, async (house) => {
        const run = async () => await (await fetch(house.url('/cgi-bin/state'))).text();
        const first = await run();
        assert.match(first, /^[0-9a-f-]{36}\n$/);
        await house.untilAsleep('web');
        assert.deepEqual(house.instancesOf('web'), []);
        assert.equal(await run(), first, 'the same run of its kernel');

        const words = [...SSH, '-p', String(door), 'root@127.0.0.1', 'echo $((6 * 7))'];
        const { stdout, stderr } = await runClient('ssh', words);
        assert.equal(String(stdout), '42\n', String(stderr));
        await house.untilAsleep('box');
        assert.deepEqual(house.instancesOf('box'), []);
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
