import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { eventually } from '../kit/conditions.js';
import { makeGuest, needsGuest } from '../kit/guest.js';
import { House } from '../kit/house.js';
import { sha256 } from '../kit/mirror.js';
import { Swarm } from '../kit/swarm.js';
import { MEGABYTE } from './kit.js';

const MARK = 'torrent1';
const RATE = 2 * MEGABYTE;

test(
  'IP10: a machine’s disk comes by BitTorrent from two seeds, one of which dies half-way, and boots',
  needsGuest(),
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'reveille-guest-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const disk = randomBytes(8 * MEGABYTE);
    disk.write(MARK);
    const packed = gzipSync(disk, { level: 1 });
    const swarm = await Swarm.start(t);
    const torrent = swarm.torrent(packed);
    const first = await swarm.seed(torrent, packed, { uploadBytesPerSecond: RATE });
    await swarm.seed(torrent, packed, { uploadBytesPerSecond: RATE });
    await eventually('the tracker knows both', () => swarm.complete(torrent.infoHash) === 2);
    const image = { url: torrent.magnet, sha256: sha256(packed), type: 'raw' };
    const resources = {
      one: {
        provider: 'qemu',
        qemu: { ...makeGuest(folder), disk: { image } },
        idle: { after: '5m' },
        health: { path: '/', timeout: '3m' },
        routes: [{ path: '/' }],
      },
    };
    const top = { proxy: { listen: '127.0.0.1:0', hold: { time: '10m' } } };
    await House.live({ resources, top }, async (house) => {
      const cold = fetch(house.url('/cgi-bin/state'));
      cold.catch(() => {});
      await eventually('a part of it is there', async () => {
        const status = await house.resources.status('one');
        // On a slow machine it may be all there by now: then the death of a seed proves less.
        return (status?.image?.bytes ?? 0) > packed.length / 4 || status?.phase === 'booting';
      });
      await first();
      assert.match(await (await cold).text(), new RegExp(`^[0-9a-f-]{36}\\n${MARK}$`));
    });
  },
);
