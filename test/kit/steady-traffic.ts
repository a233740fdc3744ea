import { Agent, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from './conditions.js';

const PAUSE_MS = 15;
/** Only so that a test ends where an answer never comes. */
const ANSWER_LIMIT_MS = 120_000;

/** A request that was not answered as it should. */
interface Loss {
  what: string;
  error: string;
  /** When its connection was begun, `performance.now()`. */
  begunAt: number | undefined;
}

/** One client after the other asks, for as long as it is not told to stop. No client ever tries again. */
export class SteadyTraffic {
  readonly losses: Loss[] = [];
  /** Pids of all instances that answered. */
  readonly pids = new Set<number>();
  /** Requests that were answered as they should, by the kind of client. */
  readonly answered: Record<string, number> = {};
  private readonly stopping = new AbortController();
  private readonly clients: Promise<void>[] = [];
  private readonly agents: Agent[] = [];

  /** @param url what is asked for; answered by house-app.ts. */
  constructor(private readonly url: string) {}

  /** One client, with a new connection for each request. */
  startNew(): this {
    this.clients.push(this.client('new connection', { agent: false }));
    return this;
  }

  /** A client with a new connection for each request, one that keeps its own, and one that posts on its own. */
  start(): this {
    const kept = () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      this.agents.push(agent);
      return agent;
    };
    this.startNew();
    this.clients.push(this.client('kept connection', { agent: kept() }));
    this.clients.push(this.client('post', { agent: kept(), body: 'x'.repeat(2000) }));
    return this;
  }

  get total(): number {
    return Object.values(this.answered).reduce((sum, count) => sum + count, 0);
  }

  /** Losses on connections that were begun after that moment of `performance.now()`. */
  lossesSince(moment: number): Loss[] {
    return this.losses.filter(({ begunAt = 0 }) => begunAt > moment);
  }

  /** Resolves when every client has had some more answers. */
  async flowsOn(): Promise<void> {
    const before = { ...this.answered };
    const more = (kind: string) => (this.answered[kind] ?? 0) >= (before[kind] ?? 0) + 20;
    await eventually('traffic flows on', () => Object.keys(before).every(more), 60_000);
  }

  /** Resolves when every request has its answer. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.clients);
    for (const agent of this.agents) agent.destroy();
  }

  private async client(kind: string, options: { agent: Agent | false; body?: string }): Promise<void> {
    for (let number = 0; !this.stopping.signal.aborted; number++) {
      const what = `${kind} ${number}`;
      const asked = { socket: undefined as Begun | undefined };
      try {
        const { status, body } = await exchange(this.url, options, asked);
        if (status !== 200) throw new Error(`${status}: ${body}`);
        this.pids.add((JSON.parse(body) as { pid: number }).pid);
        this.answered[kind] = (this.answered[kind] ?? 0) + 1;
      } catch (error) {
        this.losses.push({ what, error: textOf(error), begunAt: asked.socket?.begunAt });
      }
      await delay(PAUSE_MS);
    }
  }
}

interface Begun extends Socket {
  begunAt?: number;
}

function exchange(
  url: string,
  { agent, body }: { agent: Agent | false; body?: string },
  asked: { socket: Begun | undefined },
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const begunAt = performance.now();
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    const sending = request(url, { agent, signal, method: body === undefined ? 'GET' : 'POST' });
    sending.once('error', reject);
    sending.once('socket', (socket: Begun) => {
      asked.socket = socket;
      socket.begunAt ??= begunAt;
    });
    sending.once('response', (response) => {
      readAll(response).then((text) => resolve({ status: response.statusCode ?? 0, body: text }), reject);
    });
    sending.end(body);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  return Buffer.concat(await response.toArray()).toString();
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${error.code}: ${error.message}` : error.message;
}
