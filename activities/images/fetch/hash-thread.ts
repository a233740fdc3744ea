/** The thread behind follower.ts: hashes a file as far as it is told that it has been written. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, HashTask, ToThread } from './hash-messages.js';

const BLOCK_BYTES = 1024 ** 2;
/** How often the thread tells how far it is. */
const TELL_BYTES = 64 * BLOCK_BYTES;

const { file, algorithms }: HashTask = workerData;
const hashes = algorithms.map((algorithm) => ({ algorithm, hash: createHash(algorithm) }));
const block = Buffer.allocUnsafe(BLOCK_BYTES);
const descriptor = openSync(file, 'r');
let hashed = 0;

const tell = (message: FromThread): void => parentPort?.postMessage(message);

parentPort?.on('message', ({ upTo, last }: ToThread) => {
  hashUpTo(upTo);
  if (!last) return;
  closeSync(descriptor);
  tell({ hashed, digests: hashes.map(({ algorithm, hash }) => [algorithm, hash.digest('hex')]) });
  parentPort?.close();
});

function hashUpTo(end: number): void {
  while (hashed < end) {
    const wanted = Math.min(BLOCK_BYTES, end - hashed);
    const got = readSync(descriptor, block, 0, wanted, hashed);
    if (got === 0) throw new Error(`${file} ended at ${hashed} of ${end} bytes`);
    for (const { hash } of hashes) hash.update(block.subarray(0, got));
    const before = hashed;
    hashed += got;
    if (Math.floor(before / TELL_BYTES) !== Math.floor(hashed / TELL_BYTES)) tell({ hashed });
  }
}
