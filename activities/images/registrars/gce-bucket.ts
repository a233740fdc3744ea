import { ReveilleError } from '../../../errors/index.js';
import { pause } from '../../pause.js';
import { backoffMs } from '../../providers/gce/api.js';

/** Pieces of an upload: a multiple of 256 KiB, but for the last. One is in memory, to be sent again. */
const PIECE = 8 * 1024 * 1024;
const ANSWER_MS = 120_000;
const SAID_CHARS = 300;

export interface BucketOptions {
  /** Such as https://storage.googleapis.com. */
  readonly url: string;
  readonly bucket: string;
  readonly patienceMs: number;
  /** The value of Authorization; undefined where none is sent. */
  authorization(): Promise<string | undefined>;
}

interface Sending {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
  /** Statuses that are answers. */
  readonly wanted: readonly number[];
}

/** A bucket of Cloud Storage, by its JSON API (https://cloud.google.com/storage/docs/performing-resumable-uploads). */
export class Bucket {
  constructor(private readonly options: BucketOptions) {}

  /**
   * Writes an object whole, or not at all.
   * @returns its URL. @throws ReveilleError IMAGE_REGISTER_FAILED.
   */
  async write(
    object: string,
    source: AsyncIterable<Buffer>,
    { signal, progress }: { signal: AbortSignal; progress(bytes: number): void },
  ): Promise<string> {
    const { url, bucket } = this.options;
    const query = new URLSearchParams({ uploadType: 'resumable', name: object });
    const begin = `${url}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?${query}`;
    const begun = await this.send({ method: 'POST', url: begin, wanted: [200] }, signal);
    const session = begun.headers.get('location');
    if (session === null) throw failed('the bucket began no upload');
    let at = 0;
    for await (const { piece, isLast } of pieces(source)) {
      await this.sendPiece(session, piece, at, isLast, signal);
      at += piece.length;
      progress(piece.length);
    }
    return `${url}/${bucket}/${object}`;
  }

  /** Content where it is gone already. */
  async remove(object: string, signal: AbortSignal): Promise<void> {
    const { url, bucket } = this.options;
    const where = `${url}/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(object)}`;
    await this.send({ method: 'DELETE', url: where, wanted: [200, 204, 404] }, signal);
  }

  /** Whatever of it arrived before an answer was lost is not sent again. */
  private async sendPiece(session: string, piece: Buffer, at: number, isLast: boolean, signal: AbortSignal) {
    const end = at + piece.length;
    const total = isLast ? String(end) : '*';
    for (let from = at; ; ) {
      const body = piece.subarray(from - at);
      const range = body.length === 0 ? '*' : `${from}-${end - 1}`;
      const headers = { 'content-range': `bytes ${range}/${total}` };
      const wanted = [200, 201, 308];
      const answer = await this.send(
        { method: 'PUT', url: session, headers, body, wanted },
        signal,
        async () => {
          const asked = { 'content-range': `bytes */${total}` };
          return this.once({ method: 'PUT', url: session, headers: asked, wanted }, signal);
        },
      );
      if (answer.status !== 308) return;
      from = nextOf(answer);
      if (from < at || from > end) throw failed('the bucket has lost a part of the upload');
      if (from === end && !isLast) return;
    }
  }

  /** Tried again while the bucket does not answer. @param instead what is asked from the second try on. */
  private async send(
    sending: Sending,
    signal: AbortSignal,
    instead?: () => Promise<Response>,
  ): Promise<Response> {
    const deadline = performance.now() + this.options.patienceMs;
    for (let tries = 0; ; tries++) {
      try {
        return tries === 0 || instead === undefined ? await this.once(sending, signal) : await instead();
      } catch (error) {
        signal.throwIfAborted();
        const isFinal = error instanceof ReveilleError || performance.now() > deadline;
        if (isFinal) throw error instanceof ReveilleError ? error : failed(String(error));
      }
      await pause(backoffMs(tries), signal);
    }
  }

  private async once(
    { method, url, headers, body, wanted }: Sending,
    signal: AbortSignal,
  ): Promise<Response> {
    const authorization = await this.options.authorization();
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
      ...(body === undefined ? {} : { body }),
      // 308 means that more is wanted.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    const said = await response.text();
    if (wanted.includes(response.status)) return response;
    const message = `Cloud Storage answered with ${response.status}: ${said.slice(0, SAID_CHARS)}`;
    if (response.status === 429 || response.status >= 500) throw new Error(message);
    throw failed(message);
  }
}

/** Where the bucket wants to go on: `Range: bytes=0-N`; without it nothing has arrived. */
const nextOf = ({ headers }: Response): number => {
  const last = /^bytes=0-(\d+)$/.exec(headers.get('range') ?? '')?.[1];
  return last === undefined ? 0 : Number(last) + 1;
};

async function* pieces(source: AsyncIterable<Buffer>): AsyncGenerator<{ piece: Buffer; isLast: boolean }> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes <= PIECE) continue;
    const all = Buffer.concat(held);
    let at = 0;
    for (; all.length - at > PIECE; at += PIECE) yield { piece: all.subarray(at, at + PIECE), isLast: false };
    held = [all.subarray(at)];
    bytes = all.length - at;
  }
  yield { piece: Buffer.concat(held), isLast: true };
}

const failed = (message: string): ReveilleError => new ReveilleError('IMAGE_REGISTER_FAILED', message);
