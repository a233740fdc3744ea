import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addedSource } from '../../activities/images/sources.js';
import { isReveilleError } from '../../errors/index.js';
import { keepSeeding } from '../../worker/seeding.js';
import { eventually } from '../kit/conditions.js';
import { CONTEXT, ImageHost } from '../kit/image-host.js';
import { silentLog } from '../kit/silent-log.js';
import { Swarm } from '../kit/swarm.js';

test('IP10: an image that came by BitTorrent is given to others while it is held, as configured or asked for', async (t) => {
  const swarm = await Swarm.start(t);
  const bytes = randomBytes(600_000);
  const torrent = swarm.torrent(bytes);
  const end = await swarm.seed(torrent, bytes);
  await eventually('the tracker knows it', () => swarm.complete(torrent.infoHash) === 1);
  const added = { urls: [torrent.magnet] as const, type: 'file', compression: 'auto' };
  const { key } = addedSource(added);
  const host = new ImageHost(t, {}, { allowPrivate: true });
  const made = await host.images.make({ ...host.input(key), added }, CONTEXT, true);
  assert.ok(readFileSync((await host.images.store()).find(key)?.files[0]?.file ?? '').equals(bytes));
  assert.equal(made.key, key);
  await end();

  const seeding = new AbortController();
  const running = keepSeeding(host.images, silentLog, seeding.signal);
  t.after(async () => {
    seeding.abort();
    await running;
  });
  assert.deepEqual(await host.images.seeded(), []);
  host.images.torrents.mark(key, true);
  // The tracker has not heard yet that the first one is gone.
  await eventually('it is given', () => swarm.complete(torrent.infoHash) === 2);
  const other = new ImageHost(t, {}, { allowPrivate: true });
  const second = await other.images.make({ ...other.input(key), added }, CONTEXT, true);
  assert.equal(second.sha256, made.sha256);

  await (await host.images.store()).remove(key, seeding.signal);
  await eventually('it is given no more', async () => (await host.images.seeded()).length === 0);
  assert.equal(host.images.torrents.has(key), false);
});

test('IP10: what did not come by BitTorrent cannot be given', async (t) => {
  const host = new ImageHost(t, { one: randomBytes(1000) });
  await host.wake('one', 1);
  await assert.rejects(
    host.chore({ do: 'seed', name: host.keyOf('one'), on: true }),
    (error) => isReveilleError(error) && error.code === 'IMAGE_TORRENT_FAILED',
  );
});
