import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually } from '../kit/conditions.js';
import { makeGuest, needsGuest } from '../kit/guest.js';
import { House } from '../kit/house.js';
import { Mirror } from '../kit/mirror.js';
import { list, MEGABYTE } from './kit.js';

const MARK = 'machine1';

/** A disk of which half is nothing. */
function disk(): Buffer {
  const data = Buffer.alloc(40 * MEGABYTE);
  data.write(MARK);
  randomBytes(20 * MEGABYTE).copy(data, MEGABYTE);
  return data;
}

test(
  'IP4, IPF3: a machine’s compressed disk and its kernel come over connections that break, and boot in one cold request',
  needsGuest(),
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reveille-guest-'));
    const { kernel, ...rest } = makeGuest(folder);
    const files = {
      'disk.raw.gz': gzipSync(disk(), { level: 1 }),
      kernel: readFileSync(kernel.image),
      'ramdisk.cpio': readFileSync(kernel.ramdisk),
    };
    const mirror = await Mirror.start(files);
    mirror.manner = { breakAfter: 3 * MEGABYTE };
    const machine = (path: string) => ({
      provider: 'qemu',
      qemu: {
        ...rest,
        disk: { image: { ...mirror.source('disk.raw.gz'), type: 'raw' } },
        kernel: { ...kernel, image: mirror.source('kernel'), ramdisk: mirror.source('ramdisk.cpio') },
      },
      idle: { after: '5m' },
      health: { path: '/', timeout: '3m' },
      routes: [{ path, strip: true }],
    });
    const resources = { one: machine('/one'), two: machine('/two') };
    const top = { proxy: { listen: '127.0.0.1:0', hold: { time: '10m' } } };
    const state = async (house: House, path: string) =>
      await (await fetch(house.url(`${path}/cgi-bin/state`))).text();
    try {
      await House.live({ resources, top }, async (house) => {
        const cold = state(house, '/one');
        const seen = await eventually('its status says how far the images are', async () => {
          const status = await house.resources.status('one');
          return status?.phase === 'imaging' && status.image !== undefined && status.image;
        });
        assert.ok(seen.bytes >= 0);
        assert.match(await cold, new RegExp(`^[0-9a-f-]{36}\\n${MARK}$`));
        const wanted = Object.values(files).reduce((sum, { length }) => sum + length, 0);
        assert.ok(mirror.asked > wanted / (3 * MEGABYTE), 'it was gone on with many times');
        assert.ok(mirror.sent < wanted * 1.5, `${mirror.sent} bytes were sent for ${wanted}`);

        const asked = mirror.asked;
        assert.match(await state(house, '/two'), new RegExp(`${MARK}$`));
        assert.equal(mirror.asked, asked, 'the second machine needs no fetch');

        // Its own disk is on top of the image, so that stays while the machine is asleep.
        await house.resources.stop('one');
        await house.untilAsleep('one');
        const kept = (await list(house)).images.filter(({ users }) => users.includes('one'));
        assert.deepEqual(
          kept.map(({ type }) => type),
          ['qcow2'],
        );
        await house.resources.remove('one');
        await house.untilAsleep('one');
        const after = (await list(house)).images.flatMap(({ users }) => users);
        assert.deepEqual(
          after.filter((name) => name.startsWith('one')),
          [],
        );
      });
    } finally {
      await mirror.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
