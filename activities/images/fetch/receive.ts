import type { IncomingMessage } from 'node:http';
import { ReveilleError } from '../../../errors/index.js';
import type { PartFile } from './part-file.js';

/** Gathered before they are written: writes of a megabyte cost a tenth of those of a socket's chunks. */
const BATCH_BYTES = 1024 ** 2;

/**
 * Writes a body at the end of a part; the next chunks are read while one batch is written.
 * @param expected how many bytes the server announced.
 * @param shown the URL for messages.
 * @throws ReveilleError IMAGE_STALLED, IMAGE_LENGTH_WRONG for more or less than announced, and as PartFile.append does; the connection's own error.
 * What came before is in the part.
 */
export async function receive(
  response: IncomingMessage,
  part: PartFile,
  expected: number | undefined,
  stallMs: number,
  shown: string,
  onProgress: () => void,
): Promise<void> {
  let chunks: Uint8Array[] = [];
  let gathered = 0;
  let received = 0;
  let writing: Promise<void> | undefined;
  let waitsForDisk = false;
  const timer = setTimeout(() => {
    if (waitsForDisk) timer.refresh();
    else response.destroy(new ReveilleError('IMAGE_STALLED', `${shown}: nothing came for ${stallMs} ms`));
  }, stallMs);
  const flush = async (): Promise<void> => {
    waitsForDisk = true;
    await writing;
    waitsForDisk = false;
    onProgress();
    if (gathered === 0) return;
    writing = part.append(chunks, gathered);
    // It is awaited later: until then its failure is nobody's.
    writing.catch(() => {});
    chunks = [];
    gathered = 0;
  };
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      timer.refresh();
      received += chunk.length;
      if (expected !== undefined && received > expected) throw tooMuch(shown, expected);
      chunks.push(chunk);
      gathered += chunk.length;
      if (gathered >= BATCH_BYTES) await flush();
    }
  } finally {
    clearTimeout(timer);
    response.destroy();
    await flush();
    await writing;
    onProgress();
  }
  if (expected !== undefined && received < expected) throw tooLittle(shown, expected, received);
}

const tooMuch = (shown: string, expected: number): ReveilleError =>
  new ReveilleError('IMAGE_LENGTH_WRONG', `${shown}: the server said ${expected} bytes and sent more`);

const tooLittle = (shown: string, expected: number, received: number): ReveilleError =>
  new ReveilleError('IMAGE_LENGTH_WRONG', `${shown}: the server said ${expected} bytes and sent ${received}`);
