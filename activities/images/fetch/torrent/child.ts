/**
 * The process that speaks BitTorrent, apart from the worker: what peers send is parsed here, and a crash or a full
 * memory is its own. It does the one task that it is told by its parent, and ends with it.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Torrent } from 'webtorrent';
import { chosenFile, openClient } from './client.js';
import type { FetchTask, FromChild, Go, SeedTask, Task, TorrentId } from './messages.js';
import { OneFile, storeOf } from './one-file-store.js';
import { guardSockets } from './outgoing.js';

const TICK_MS = 250;
/** Of what WebTorrent keeps pieces in memory for peers. */
const CACHED_PIECES = 2;

const say = (message: FromChild): void => void process.send?.(message);

/** What an error says, and what lies behind it. */
function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
const fail = (error: unknown): void => say({ is: 'failed', why: words(error) });
const warn = (warning: unknown): void => say({ is: 'warning', why: words(warning) });

process.once('disconnect', () => process.exit());
process.on('uncaughtException', fail);
process.once('message', (task: Task) => {
  guardSockets(task.rules, task.client.host);
  (task.do === 'fetch' ? fetch(task) : seed(task)).catch(fail);
});

async function fetch({ torrent: id, name, pieces, description, client: settings }: FetchTask): Promise<void> {
  const client = await openClient(settings);
  client.on('error', fail);
  const file = new OneFile(pieces, true);
  const torrent = client.add(idOf(id), {
    store: storeOf(file),
    deselect: true,
    storeCacheSlots: CACHED_PIECES,
  });
  torrent.on('error', fail);
  torrent.on('warning', warn);
  torrent.once('metadata', () => {
    try {
      begin(torrent, file, name, description);
    } catch (error) {
      fail(error);
    }
  });
}

/** Goes on once the torrent's description is here; before that nothing of it is written. */
function begin(torrent: Torrent, file: OneFile, name: string | undefined, description: string): void {
  const chosen = chosenFile(torrent, name);
  file.window = { offset: chosen.offset, length: chosen.length };
  writeFileSync(`${description}.new`, torrent.torrentFile, { mode: 0o600 });
  renameSync(`${description}.new`, description);
  process.once('message', ({ do: what }: Go) => {
    if (what !== 'go') return;
    if (torrent.ready) chosen.select();
    else torrent.once('ready', () => chosen.select());
    const ticker = setInterval(() => {
      say({ is: 'progress', bytes: Math.min(chosen.downloaded, chosen.length), checking: !torrent.ready });
      if (!chosen.done) return;
      clearInterval(ticker);
      file.sync();
      say({ is: 'done', bytes: chosen.length });
    }, TICK_MS);
  });
  say({ is: 'described', bytes: chosen.length });
}

async function seed({ held, ratio, client: settings }: SeedTask): Promise<void> {
  const client = await openClient(settings);
  client.on('error', fail);
  const torrents: Torrent[] = [];
  for (const { torrentFile, name, file: path } of held) {
    const file = new OneFile(path, false);
    const torrent = client.add(readFileSync(torrentFile), {
      store: storeOf(file),
      storeCacheSlots: CACHED_PIECES,
    });
    torrents.push(torrent);
    // One that cannot be given does not keep the others from it.
    torrent.on('error', warn);
    torrent.on('warning', warn);
    torrent.once('metadata', () => {
      try {
        const { offset, length } = chosenFile(torrent, name);
        file.window = { offset, length };
      } catch (error) {
        warn(error);
        torrent.destroy();
      }
    });
  }
  const tell = (): void => say({ is: 'seeding', port: client.torrentPort });
  if (client.listening) tell();
  else client.once('listening', tell);
  setInterval(() => {
    for (const torrent of torrents) {
      if (!torrent.destroyed && torrent.ready && torrent.uploaded >= ratio * torrent.length)
        torrent.destroy();
    }
  }, TICK_MS);
}

const idOf = (id: TorrentId): string | Uint8Array => ('magnet' in id ? id.magnet : readFileSync(id.file));
