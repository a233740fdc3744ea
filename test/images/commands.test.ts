import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ImageStanding } from '../../control/images-contract.js';
import type { ImageDetails, ImageListing } from '../../workflows/messages.js';
import { WholeHouse } from '../kit/house-up.js';
import { Mirror, sha256 } from '../kit/mirror.js';
import { root } from '../kit/scripts.js';
import { bytes, MEGABYTE, told, user } from './kit.js';

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs `reveille image …` on a house. */
const image = (house: WholeHouse, ...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    const argv = [join(root, 'bin/reveille.mjs'), 'image', ...args, '--config', house.file];
    execFile(process.execPath, argv, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });

async function json<T>(house: WholeHouse, ...args: string[]): Promise<T> {
  const { code, out, err } = await image(house, ...args, '--json');
  assert.equal(code, 0, err);
  return JSON.parse(out) as T;
}

test('IP2, IP8: images are added, listed, shown, removed and collected by command, within their time', async () => {
  const files = { one: bytes(2), two: bytes(1) };
  const mirror = await Mirror.start(files);
  const one = mirror.source('one');
  const resources = { app: user(one, { routes: [{ path: '/' }] }) };
  try {
    // The disk may have less free than images.keepFree by default.
    await WholeHouse.live({ resources, top: { images: { keepFree: '0B' } } }, async (house) => {
      mirror.manner = { pauseMs: 30 };
      const added = await image(house, 'add', one.url, '--sha256', one.sha256, '--guid', 'site-1', '--wait');
      assert.equal(added.code, 0, added.err);
      const file = added.out.trim();
      assert.ok(existsSync(file), file);
      assert.match(added.err, /^site-1: /m, 'lines tell how far it is');
      mirror.manner = {};

      const { images, budget } = await json<ImageListing>(house, 'list');
      assert.deepEqual(
        images.map(({ sha256: digest, guid }) => [digest, guid]),
        [[one.sha256, 'site-1']],
      );
      assert.equal(budget, 20e9);
      assert.match((await image(house, 'list')).out, /site-1 +file +2\.\d MB/);
      const shown = await json<ImageDetails>(house, 'show', 'site-1');
      assert.deepEqual(shown.files, [file]);
      assert.equal(shown.url, one.url);

      // The same bytes as a resource has them: an image of its own, since it has no GUID.
      await told(house, '/');
      const inUse = await image(
        house,
        'remove',
        (await json<ImageListing>(house, 'list')).images[0]?.key ?? '',
      );
      assert.equal(inUse.code, 1);
      assert.match(inUse.err, /in use|app@/);

      const unknown = await image(house, 'show', 'nowhere');
      assert.equal(unknown.code, 1);
      assert.match(unknown.err, /IMAGE_UNKNOWN|no such image/);
      assert.equal((await image(house, 'remove', 'site-1')).code, 0);
      assert.equal(existsSync(file), false);

      const two = mirror.source('two');
      await json<ImageStanding>(house, 'add', two.url, '--sha256', two.sha256, '--wait');
      assert.match((await image(house, 'collect')).out, /nothing to remove/);
      assert.match((await image(house, 'collect', '--all')).out, /two is removed/);
      const left = await json<ImageListing>(house, 'list');
      assert.deepEqual(
        left.images.map(({ users }) => users.length),
        [1],
      );

      mirror.manner = { flows: () => false };
      const late = await image(house, 'add', two.url, '--sha256', two.sha256, '--wait', '--timeout', '300ms');
      assert.equal(late.code, 1);
      assert.match(late.err, /not usable after 0\.3 s; it goes on/);
      mirror.manner = {};
      const standing = await json<ImageStanding>(house, 'add', two.url, '--sha256', two.sha256, '--wait');
      assert.equal(standing.image?.sha256, sha256(files.two));
      assert.ok((standing.image?.bytes ?? 0) >= MEGABYTE);
    });
  } finally {
    await mirror.close();
  }
});

test('who adds an image by the API without the host’s secret leads it to no private address and to no file', async () => {
  const mirror = await Mirror.start({ one: bytes(1) });
  try {
    await WholeHouse.live({ resources: {} }, async (house) => {
      const post = (url: string) =>
        fetch(`http://${house.control}/api/v1/images`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-reveille-operator': 'guessed' },
          body: JSON.stringify({ url }),
        });
      for (const [url, code] of [
        [mirror.url('one'), 'IMAGE_ADDRESS_REFUSED'],
        ['file:///etc/hostname', 'IMAGE_SOURCE_INVALID'],
      ] as const) {
        const response = await post(url);
        assert.equal(response.status, 202);
        const { key } = (await response.json()) as { key: string };
        const standing = async () => {
          const answer = await fetch(`http://${house.control}/api/v1/images/${key}/standing`);
          return (await answer.json()) as { code?: string; state?: string };
        };
        let found = await standing();
        while (found.state === 'making') found = await standing();
        assert.equal(found.code, code);
      }
      assert.equal(mirror.asked, 0);
    });
  } finally {
    await mirror.close();
  }
});
