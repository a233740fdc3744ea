import { register } from 'node:module';
import type WebTorrent from 'webtorrent';
import type { Torrent, TorrentFile } from 'webtorrent';
import type { ClientSettings } from './messages.js';

/** Held in memory several times while it is fetched and checked. */
const MAX_PIECE_BYTES = 64 * 1024 ** 2;
/** Names of a message that says what there is to choose from. */
const MAX_NAMES = 20;

/** A client that finds peers by trackers alone, and only in this process's ways (see outgoing.ts). */
export async function openClient({
  port,
  maxPeers,
  uploadBytesPerSecond,
}: ClientSettings): Promise<WebTorrent> {
  register(new URL('./module-hooks.js', import.meta.url));
  const { default: Client } = await import('webtorrent').catch((cause: unknown) => {
    // An optional dependency: npm goes on without it where it cannot be had.
    throw new Error('the package webtorrent cannot be loaded: npm install webtorrent@2', { cause });
  });
  return new Client({
    torrentPort: port,
    maxConns: maxPeers,
    uploadLimit: uploadBytesPerSecond,
    tracker: { wrtc: false },
    dht: false,
    lsd: false,
    utp: false,
    natUpnp: false,
    natPmp: false,
  });
}

/**
 * The one file of a torrent that is meant.
 * @param name its last name, or all its names with or without the torrent's own.
 * @throws where it is not clear which.
 */
export function chosenFile({ files, pieceLength }: Torrent, name: string | undefined): TorrentFile {
  if (pieceLength > MAX_PIECE_BYTES) throw new Error(`its pieces of ${pieceLength} bytes are too large`);
  const matching = files.filter(
    (file) =>
      name === undefined || file.name === name || file.path === name || file.path.endsWith(`/${name}`),
  );
  const [file] = matching;
  if (file !== undefined && matching.length === 1) return file;
  const names = files.slice(0, MAX_NAMES).map(({ path }) => path);
  const which = name === undefined ? 'several files' : `not one file ${name}`;
  throw new Error(`it has ${which}; name one of these after a # in the URL: ${names.join(', ')}`);
}
