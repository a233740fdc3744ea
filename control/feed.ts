/** What has changed in the list of resources, as it happens, for any number of dashboards: one reading serves all. */
import type { Response } from 'express';
import type { Config } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import type { FeedChange, FeedTrouble, ResourceSummary } from './contract.js';
import { type CostBook, withCosts } from './cost.js';
import { asReveilleError, type Plane } from './plane.js';
import { listResources } from './resources.js';
import type { Statuses } from './statuses.js';

/** Proxies on the way may end what is silent for longer. */
const HEARTBEAT_MS = 15_000;
/** When a browser asks again after the stream broke. */
const RETRY_MS = 1000;
const HOUR_MS = 3_600_000;
/** Unsent, of one listener: past it nobody reads there, and it is cut off. A list of a thousand has half a MB. */
const BACKLOG_BYTES = 4 * 1024 * 1024;

/** Server-sent events: `list` with every line at the beginning, `change` afterwards, `trouble` where nothing can be read. */
export class Feed {
  private readonly listeners = new Set<Response>();
  /** As it is, by name, and what of it is news where it is another. */
  private lines = new Map<string, { text: string; news: string }>();
  private known = false;
  private trouble: FeedTrouble | undefined;
  private timer: NodeJS.Timeout | undefined;
  private reading = false;

  constructor(
    private readonly config: () => Config,
    private readonly plane: Plane,
    private readonly costs: CostBook,
    private readonly statuses: Statuses,
  ) {}

  /**
   * Tells one listener of every change until it goes away.
   * @throws ReveilleError TOO_MANY_LISTENERS.
   */
  tell(res: Response): void {
    if (this.listeners.size >= this.config().control.events.listeners)
      throw new ReveilleError('TOO_MANY_LISTENERS', undefined, { retryInMs: HEARTBEAT_MS });
    res.type('text/event-stream').flushHeaders();
    res.write(`retry: ${RETRY_MS}\n\n`);
    const heartbeat = setInterval(() => send(res, ':\n\n'), HEARTBEAT_MS);
    res.once('close', () => {
      clearInterval(heartbeat);
      this.listeners.delete(res);
      if (this.listeners.size === 0) this.rest();
    });
    this.listeners.add(res);
    if (this.known) send(res, this.whole());
    if (this.trouble) send(res, asEvent('trouble', this.trouble));
    if (this.timer === undefined && !this.reading) void this.read();
  }

  /** Nobody listens: what is known now is old when somebody does again. */
  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.known = false;
    this.trouble = undefined;
    this.lines.clear();
  }

  /** Never rejects. The pause is as long as the reading at least, so that Temporal has half of its time for others. */
  private async read(): Promise<void> {
    const began = Date.now();
    this.reading = true;
    const config = this.config();
    try {
      const listed = await listResources(config, this.plane, this.statuses);
      this.publish(await withCosts(config, this.costs, listed));
    } catch (error) {
      const { code, message, remedy } = asReveilleError(error);
      const trouble = { code, message, remedy };
      if (JSON.stringify(trouble) !== JSON.stringify(this.trouble))
        this.broadcast(asEvent('trouble', trouble));
      this.trouble = trouble;
    }
    this.reading = false;
    if (this.listeners.size === 0) return this.rest();
    const pause = Math.max(config.control.events.every, Date.now() - began);
    this.timer = setTimeout(() => void this.read(), pause);
  }

  private publish(resources: readonly ResourceSummary[]): void {
    const lines = new Map(
      resources.map((line) => [line.name, { text: JSON.stringify(line), news: newsOf(line) }]),
    );
    const changed = resources.filter(({ name }) => lines.get(name)?.news !== this.lines.get(name)?.news);
    const gone = [...this.lines.keys()].filter((name) => !lines.has(name));
    const isNews = changed.length > 0 || gone.length > 0 || this.trouble !== undefined;
    const first = !this.known;
    this.lines = lines;
    this.known = true;
    this.trouble = undefined;
    if (first) this.broadcast(this.whole());
    else if (isNews)
      this.broadcast(asEvent('change', { now: Date.now(), changed, gone } satisfies FeedChange));
  }

  private whole(): string {
    return `event: list\ndata: {"now":${Date.now()},"resources":[${[...this.lines.values()].map(({ text }) => text).join(',')}]}\n\n`;
  }

  private broadcast(text: string): void {
    for (const listener of this.listeners) send(listener, text);
  }
}

/** Hours and money grow with the clock, all the time: they are news by hundredths. */
function newsOf({ cost, ...line }: ResourceSummary): string {
  if (cost === undefined) return JSON.stringify(line);
  const { since, awakeHours, spent = 0, saved = 0, currency } = cost;
  // What was awake all the time since is reckoned from the beginning of `control.cost.period`, which moves on.
  const coarse = [since / HOUR_MS, awakeHours, spent, saved].map((value) => value.toFixed(2));
  return JSON.stringify([line, currency, coarse]);
}

const asEvent = (name: string, data: FeedChange | FeedTrouble): string =>
  `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

function send(res: Response, text: string): void {
  if (res.writableLength > BACKLOG_BYTES) res.destroy();
  else res.write(text);
}
