import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_FETCH_SETTINGS, type FetchSettings } from '../../activities/images/fetch/index.js';
import type { FetchTask } from '../../activities/images/fetch/torrent/messages.js';
import { runTorrentTask } from '../../activities/images/fetch/torrent/process.js';
import { eventually } from '../kit/conditions.js';
import { Fetching, imageServer, settings, startFetch } from '../kit/fetching.js';
import { Swarm } from '../kit/swarm.js';
import { makeTorrent, type TestTorrent } from '../kit/torrent.js';

const RATE = 2 * 1024 ** 2;
const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Fails soon where no peer has anything. */
const hasty = (stallMs: number, some: Partial<FetchSettings> = {}): FetchSettings =>
  settings({ ...some, torrent: { ...DEFAULT_FETCH_SETTINGS.torrent, stallMs } });

/** A server of the .torrent file, and its URL. */
async function published(t: Parameters<typeof imageServer>[0], { bytes }: TestTorrent): Promise<string> {
  const server = await imageServer(t, bytes);
  return `http://127.0.0.1:${server.port}/image.torrent`;
}

const fetchedBytes = ({ progress }: Fetching): number =>
  progress.filter(({ step }) => step === 'fetching').at(-1)?.bytes ?? 0;

test('IP10: a .torrent URL is fetched from two seeds and a tracker, one seed dying half-way', async (t) => {
  const swarm = await Swarm.start(t);
  const bytes = randomBytes(5_000_000);
  const torrent = swarm.torrent(bytes);
  const first = await swarm.seed(torrent, bytes, { uploadBytesPerSecond: RATE });
  await swarm.seed(torrent, bytes, { uploadBytesPerSecond: RATE });
  await eventually('the tracker knows both', () => swarm.complete(torrent.infoHash) === 2);
  const fetching = new Fetching(t);
  const fetched = fetching.fetch({
    urls: [await published(t, torrent)],
    digests: { sha256: sha256Of(bytes) },
  });
  await Promise.race([fetched, eventually('half of it', () => fetchedBytes(fetching) > bytes.length / 3)]);
  await first();
  const { sha256, torrent: file } = await fetched;
  assert.equal(file, `${fetching.part}.torrent`);
  assert.equal(sha256, sha256Of(bytes));
  assert.ok(readFileSync(fetching.part).equals(bytes));
  assert.deepEqual(fetching.reserved, [bytes.length]);
  assert.deepEqual(fetching.left(), ['part', 'part.state', 'part.torrent']);
});

test('IP10: a magnet link is fetched by a UDP tracker, and what it describes can be seeded on', async (t) => {
  const swarm = await Swarm.start(t);
  const bytes = randomBytes(1_000_000);
  const torrent = swarm.torrent(bytes, swarm.udpTracker);
  const end = await swarm.seed(torrent, bytes);
  await eventually('the tracker knows it', () => swarm.complete(torrent.infoHash) === 1);
  const fetched = await new Fetching(t).fetch({ urls: [torrent.magnet] });
  assert.equal(fetched.sha256, sha256Of(bytes));
  assert.match(fetched.warnings.join(), /sha1 alone/);
  await end();
  const again = { ...torrent, bytes: readFileSync(fetched.torrent ?? '') };
  await swarm.seed(again, bytes);
  await eventually('the tracker knows the other', () => swarm.complete(torrent.infoHash) === 2);
  const second = await new Fetching(t).fetch({ urls: [torrent.magnet] });
  assert.equal(second.sha256, fetched.sha256);
});

test('IP10, IP11: a fetch that ends half-way goes on with the pieces that are there', async (t) => {
  const swarm = await Swarm.start(t);
  const bytes = randomBytes(4_000_000);
  const torrent = swarm.torrent(bytes);
  await swarm.seed(torrent, bytes, { uploadBytesPerSecond: RATE });
  const urls: [string] = [torrent.magnet];
  const fetching = new Fetching(t);
  const ended = fetching.fetch({ urls });
  await Promise.race([ended, eventually('half of it', () => fetchedBytes(fetching) > bytes.length / 2)]);
  fetching.abort.abort(new Error('the worker ends'));
  await assert.rejects(ended, /the worker ends/);
  const again = new Fetching(t, fetching.folder);
  const { sha256 } = await again.fetch({ urls });
  assert.equal(sha256, sha256Of(bytes));
  const first = again.progress.find(({ step }) => step === 'fetching')?.bytes ?? 0;
  assert.ok(first > 1_000_000, `went on from ${first}`);
});

test('IP10: of several files in a torrent the one that the fragment names is fetched', async (t) => {
  const swarm = await Swarm.start(t);
  const pieceLength = 64 * 1024;
  const names = ['readme', 'disks/one.raw', 'disks/two.raw'];
  const files = names.map((name) => ({ name, bytes: randomBytes(10 * pieceLength) }));
  const torrent = makeTorrent(files, swarm.tracker, { folder: 'release', pieceLength });
  const url = await published(t, torrent);
  await assert.rejects(new Fetching(t).fetch({ urls: [url] }), {
    code: 'IMAGE_TORRENT_FAILED',
    message:
      /it has several files; name one of these after a # in the URL: release\/readme, release\/disks\/one.raw/,
  });
  for (const { name, bytes } of files.slice(1)) await swarm.seed(torrent, bytes, { name });
  const fetching = new Fetching(t);
  const { sha256 } = await fetching.fetch({ urls: [`${url}#disks/two.raw`] });
  assert.equal(sha256, sha256Of(files[2]?.bytes ?? Buffer.of()));
});

test('a torrent of somebody else leads to no tracker and no peer at a private address', async (t) => {
  const swarm = await Swarm.start(t);
  const bytes = randomBytes(100_000);
  const named = swarm.tracker.replace('127.0.0.1', 'localhost');
  for (const tracker of [swarm.tracker, named, swarm.udpTracker]) {
    const { magnet } = swarm.torrent(bytes, tracker);
    const { folder, context } = new Fetching(t);
    const task: FetchTask = {
      do: 'fetch',
      torrent: { magnet },
      pieces: join(folder, 'pieces'),
      description: join(folder, 'torrent'),
      client: DEFAULT_FETCH_SETTINGS.torrent,
      rules: { trusted: false, allowPrivate: false },
    };
    const warning = await runTorrentTask(task, context.signal, (message) =>
      message.is === 'warning' ? message.why : undefined,
    );
    assert.match(warning, /an address that is not allowed/);
  }
  assert.deepEqual(swarm.announced(), []);
});

test('a fetch for somebody else tells those rules to the process', async (t) => {
  const swarm = await Swarm.start(t);
  const { magnet, infoHash } = swarm.torrent(randomBytes(100_000));
  const source = { urls: [magnet] as [string], trusted: false };
  await assert.rejects(new Fetching(t).fetch(source, hasty(3000)), { code: 'IMAGE_STALLED' });
  assert.deepEqual(swarm.announced(), []);
  const trusted = new Fetching(t);
  const fetched = trusted.fetch({ ...source, trusted: true });
  await eventually('the tracker is asked', () => swarm.announced().includes(infoHash));
  trusted.abort.abort(new Error('enough'));
  await assert.rejects(fetched, /enough/);
});

test('a torrent that nobody seeds fails with IMAGE_STALLED', async (t) => {
  const swarm = await Swarm.start(t);
  const torrent = swarm.torrent(randomBytes(100_000));
  await assert.rejects(new Fetching(t).fetch({ urls: [await published(t, torrent)] }, hasty(1500)), {
    code: 'IMAGE_STALLED',
    message: /nothing came from any peer for 1500 ms/,
  });
});

test('what is no torrent fails with IMAGE_TORRENT_FAILED', async (t) => {
  const server = await imageServer(t, Buffer.from('hello'));
  const urls: [string] = [`http://127.0.0.1:${server.port}/image.torrent`];
  await assert.rejects(new Fetching(t).fetch({ urls }), { code: 'IMAGE_TORRENT_FAILED' });
});

test('IP3: a torrent of other bytes than the digest names leaves nothing', async (t) => {
  const swarm = await Swarm.start(t);
  const bytes = randomBytes(300_000);
  const torrent = swarm.torrent(bytes);
  await swarm.seed(torrent, bytes);
  const fetching = new Fetching(t);
  await assert.rejects(fetching.fetch({ urls: [torrent.magnet], digests: { sha256: 'a'.repeat(64) } }), {
    code: 'IMAGE_DIGEST_MISMATCH',
  });
  assert.deepEqual(fetching.left(), []);
});

test('a torrent larger than allowed is refused before anything of it is fetched', async (t) => {
  const swarm = await Swarm.start(t);
  const torrent = swarm.torrent(randomBytes(300_000));
  const fetching = new Fetching(t);
  await assert.rejects(
    fetching.fetch({ urls: [await published(t, torrent)] }, settings({ maxBytes: 100_000 })),
    {
      code: 'IMAGE_TOO_LARGE',
    },
  );
  assert.deepEqual(fetching.left(), []);
});

test('IP10: a file is given to others up to the ratio, and no further', async (t) => {
  const swarm = await Swarm.start(t);
  const bytes = randomBytes(4_000_000);
  const torrent = swarm.torrent(bytes);
  await swarm.seed(torrent, bytes, { uploadBytesPerSecond: RATE, ratio: 0.1 });
  const fetching = new Fetching(t);
  await assert.rejects(fetching.fetch({ urls: [torrent.magnet] }, hasty(3000)), { code: 'IMAGE_STALLED' });
  assert.ok(fetchedBytes(fetching) < bytes.length);
});

test('IP11: the process that speaks BitTorrent ends with the one that it works for, however that went', async (t) => {
  const swarm = await Swarm.start(t);
  const torrent = swarm.torrent(randomBytes(100_000));
  const source = { urls: [torrent.magnet], digests: {}, trusted: true };
  const parent = startFetch(t, new Fetching(t).part, source);
  await eventually('it asks the tracker', () => swarm.announced().includes(torrent.infoHash));
  const children = readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8').trim().split(' ');
  assert.equal(children.length, 1);
  parent.kill('SIGKILL');
  await eventually('its child is gone', () => !existsSync(`/proc/${children[0]}`));
});
