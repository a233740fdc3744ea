/**
 * The events of waiting pages (Server-Sent Events, HTML Living Standard 9.2). They look at the gate and never enter
 * it: a page that is left open neither wakes anything nor keeps it awake.
 */
import type { ServerResponse } from 'node:http';
import { ReveilleError } from '../../errors/index.js';
import type { Gate, WaitState } from '../gate-contract.js';
import { viewOf } from './view.js';

/** How long after a change a page hears of it, at most. */
const LOOK_MS = 250;
/** A line that says nothing, so that proxies on the way do not take the stream for dead. */
const QUIET_MS = 15_000;
/** After which the page connects again: access is looked at anew, and a balancer may choose another proxy. */
const MOST_MS = 60_000;
/** How soon a browser that lost the stream connects again. */
const RETRY_MS = 1000;
/** A page that reads nothing is let go. */
const MAX_UNREAD_BYTES = 64 * 1024;

interface Reader {
  readonly response: ServerResponse;
  readonly showLog: boolean;
  readonly since: number;
  last: string;
  spokenAt: number;
}

/** The feeds of one front door, one for each resource that somebody waits for. */
export class WaitingFeeds {
  readonly #feeds = new Map<string, Feed>();
  /** Pages that listen now. */
  readers = 0;

  constructor(private readonly gate: Pick<Gate, 'look'>) {}

  /**
   * Streams what becomes of a resource until the page leaves.
   * @param most pages that may listen at the same time.
   * @returns HOLD_FULL where there are so many already: then nothing was sent.
   */
  open(
    resource: string,
    showLog: boolean,
    response: ServerResponse,
    most: number,
    requestId: string,
  ): ReveilleError | undefined {
    if (this.readers >= most) {
      const message = `${most} pages wait already (proxy.waiting.pages)`;
      return new ReveilleError('HOLD_FULL', message, { retryInMs: 5000 });
    }
    this.readers++;
    const feed = this.#feeds.get(resource) ?? new Feed(resource, this.gate);
    this.#feeds.set(resource, feed);
    response.writeHead(200, [
      ...['Content-Type', 'text/event-stream', 'Cache-Control', 'no-store'],
      // nginx would keep events until they fill a buffer.
      ...['X-Content-Type-Options', 'nosniff', 'X-Accel-Buffering', 'no', 'X-Request-Id', requestId],
    ]);
    response.write(`retry: ${RETRY_MS}\n\n`);
    const now = performance.now();
    const reader = { response, showLog, since: now, last: '', spokenAt: now };
    response.once('close', () => {
      this.readers--;
      feed.remove(reader);
      if (feed.isEmpty) this.#feeds.delete(resource);
    });
    feed.add(reader);
    return undefined;
  }

  /** Ends them all: each page connects again, by then to another proxy. */
  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
  }
}

class Feed {
  readonly #readers = new Set<Reader>();
  #timer: NodeJS.Timeout | undefined;
  #looks = false;

  constructor(
    private readonly resource: string,
    private readonly gate: Pick<Gate, 'look'>,
  ) {}

  get isEmpty(): boolean {
    return this.#readers.size === 0;
  }

  add(reader: Reader): void {
    this.#readers.add(reader);
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS);
    void this.#look();
  }

  remove(reader: Reader): void {
    this.#readers.delete(reader);
    if (!this.isEmpty) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    for (const { response } of this.#readers) response.end();
  }

  /** Never rejects, as the gate's look does not. */
  async #look(): Promise<void> {
    if (this.#looks) return;
    this.#looks = true;
    const state = await this.gate.look(this.resource);
    this.#looks = false;
    this.#tell(state);
  }

  #tell(state: WaitState): void {
    const texts = [false, true].map((showLog) => JSON.stringify(viewOf(this.resource, state, showLog)));
    const now = performance.now();
    for (const reader of this.#readers) {
      const { response, showLog } = reader;
      const text = texts[showLog ? 1 : 0] ?? '';
      if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
      else if (now - reader.since > MOST_MS) response.end();
      else if (text !== reader.last) say(reader, `data: ${text}\n\n`, now);
      else if (now - reader.spokenAt > QUIET_MS) say(reader, ':\n\n', now);
      reader.last = text;
    }
  }
}

function say(reader: Reader, text: string, now: number): void {
  reader.spokenAt = now;
  reader.response.write(text);
}
