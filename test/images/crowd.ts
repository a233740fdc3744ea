import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { Mirror, sha256 } from '../kit/mirror.js';
import { bytes, list } from './kit.js';

/** Megabytes of the image. */
export const SIZE = 40;

/** Runs a test in a house of two workers and many resources with one image; each writes down the sum of what it got. */
export async function crowded(
  count: number,
  body: (house: House, mirror: Mirror, names: string[]) => Promise<void>,
): Promise<void> {
  const data = bytes(SIZE);
  const mirror = await Mirror.start({ data });
  const server = createServer((_, response) => response.end('here'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const resource = {
    provider: 'command',
    command: {
      start: ['sh', '-c', `sha256sum < "$REVEILLE_IMAGE_DATA" >> sums; echo 127.0.0.1 ${port}`],
      images: { data: mirror.source('data') },
    },
    health: 'none',
    idle: { after: '10m' },
  };
  const names = Array.from({ length: count }, (_, index) => `r${index}`);
  const resources = Object.fromEntries(names.map((name) => [name, resource]));
  try {
    await House.live({ resources }, async (house) => {
      await house.startWorker('worker two');
      await body(house, mirror, names);
      const sums = await eventually('all have it', () => sumsOf(house, count), 90_000);
      assert.equal(sums.length, count);
      assert.deepEqual([...new Set(sums)], [`${sha256(data)}  -`]);
      const { images } = await list(house);
      assert.equal(images.length, 1);
      assert.equal(images[0]?.users.length, count);
    });
  } finally {
    server.close();
    await mirror.close();
  }
}

function sumsOf(house: House, count: number): string[] | false {
  const file = house.path('sums');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return lines.length > count && lines.slice(0, -1);
}
