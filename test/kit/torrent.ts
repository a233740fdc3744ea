import { createHash } from 'node:crypto';

type Bencoded = number | string | Buffer | Bencoded[] | { [key: string]: Bencoded };

/** BEP 3: keys in order. */
export function bencode(value: Bencoded): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`);
  if (typeof value === 'string' || Buffer.isBuffer(value)) {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes]);
  }
  const parts = Array.isArray(value)
    ? [Buffer.from('l'), ...value.map(bencode)]
    : [
        Buffer.from('d'),
        ...Object.keys(value)
          .sort()
          .flatMap((key) => [bencode(key), bencode(value[key] ?? '')]),
      ];
  return Buffer.concat([...parts, Buffer.from('e')]);
}

export interface TestTorrent {
  /** The .torrent file. */
  bytes: Buffer;
  infoHash: string;
  magnet: string;
}

/** A torrent of one file, or of a folder of several. */
export function makeTorrent(
  files: readonly { name: string; bytes: Buffer }[],
  tracker: string,
  { folder, pieceLength = 256 * 1024 }: { folder?: string; pieceLength?: number } = {},
): TestTorrent {
  const all = Buffer.concat(files.map(({ bytes }) => bytes));
  const hashes: Buffer[] = [];
  for (let at = 0; at < all.length; at += pieceLength) {
    hashes.push(
      createHash('sha1')
        .update(all.subarray(at, at + pieceLength))
        .digest(),
    );
  }
  const pieces = { 'piece length': pieceLength, pieces: Buffer.concat(hashes) };
  const info: { [key: string]: Bencoded } =
    folder === undefined
      ? { ...pieces, name: files[0]?.name ?? '', length: all.length }
      : {
          ...pieces,
          name: folder,
          files: files.map(({ name, bytes }) => ({ path: name.split('/'), length: bytes.length })),
        };
  const infoHash = createHash('sha1').update(bencode(info)).digest('hex');
  const bytes = bencode({ announce: tracker, info });
  return { bytes, infoHash, magnet: `magnet:?xt=urn:btih:${infoHash}&tr=${encodeURIComponent(tracker)}` };
}
