import {
  type Config,
  createMasker,
  type HttpCall,
  httpPresets,
  poolOfMember,
  resolveReferences,
  secretsOf,
  settingsOf,
} from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint } from '../../../workflows/messages.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import { endpointsIn, fillBody, fillPath, isAmong, type Values } from './template.js';

/** Of an answer, no more is read. */
const MOST_BYTES = 1024 * 1024;
const SHOWN_CHARS = 200;
/** Statuses after which the same call may work a little later, and nothing was done. */
const LATER = [429, 503];

/** How a call ended that was answered: what `status` lists, or nothing there. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A call that may work later: no answer, or one that says so. */
export class Unavailable extends Error {}

/** The service of one resource, in the words of its configuration. */
export class Service {
  private readonly settings;
  private readonly mask: (text: string) => string;

  /** @param note takes what is to be kept in the log, masked. */
  constructor(
    private readonly request: Omit<BootRequest, 'revision'>,
    private readonly config: Config,
    private readonly note: (line: string) => void,
  ) {
    this.settings = settingsOf(request.definition, 'http');
    const sources = { env: process.env, folder: config.folder };
    this.mask = createMasker(secretsOf(request.definition, sources));
  }

  /**
   * Where it runs, in the order of the service; none where it says that nothing does.
   * @throws Unavailable; ReveilleError BOOT_FAILED where it answers what nobody expects.
   */
  async lookUp({ signal }: ProviderContext): Promise<Endpoint[]> {
    const { lookup = this.preset?.lookup } = this.settings;
    if (lookup === undefined) return [];
    const { status, body } = await this.call('look-up', lookup, signal);
    if (isAmong(status, lookup.absent)) return [];
    if (!isAmong(status, lookup.status)) throw this.unexpected('look-up', { status, body });
    try {
      return endpointsIn(JSON.parse(body), lookup.endpoint);
    } catch (cause) {
      throw new ReveilleError('BOOT_FAILED', 'the look-up answered something that is not JSON', { cause });
    }
  }

  /** @throws as lookUp. */
  async spawn({ signal }: ProviderContext): Promise<void> {
    const { spawn = this.preset?.spawn } = this.settings;
    if (spawn === undefined) return;
    const answer = await this.call('spawn', spawn, signal);
    if (!isAmong(answer.status, spawn.status)) throw this.unexpected('spawn', answer);
  }

  /** @throws ReveilleError STOP_FAILED. */
  async end(then: 'stop' | 'delete', { signal }: ProviderContext): Promise<void> {
    const { stop } = this.settings;
    const wanted = (then === 'delete' ? this.settings.delete : undefined) ?? stop;
    if (wanted === undefined) return;
    const answer = await this.call(then, wanted, signal).catch((cause: Error) => {
      signal.throwIfAborted();
      throw new ReveilleError('STOP_FAILED', cause.message, { cause });
    });
    if (isAmong(answer.status, wanted.status) || answer.status === 404) return;
    throw new ReveilleError('STOP_FAILED', this.inWords(then, answer));
  }

  private get preset() {
    return this.settings.preset && httpPresets[this.settings.preset];
  }

  private get values(): Values {
    const { name, generation, params } = this.request;
    const resource = poolOfMember(this.config, name) ?? name;
    return { as: resource, groups: '', ...params, resource: name, generation: String(generation) };
  }

  private async call(what: string, { method, path, body }: HttpCall, signal: AbortSignal): Promise<Answer> {
    const { url, timeout } = this.settings;
    const filled = fillPath(path, this.values);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const init = {
      method,
      headers: {
        accept: 'application/json',
        ...this.headers(what),
        ...(body && { 'content-type': 'application/json' }),
      },
      redirect: 'manual' as const,
      signal: limit,
      ...(body && { body: JSON.stringify(fillBody(this.resolved(body, 'body'), this.values)) }),
    };
    let answer: Answer;
    try {
      const response = await fetch(url.replace(/\/+$/, '') + filled, init);
      answer = { status: response.status, body: await textOf(response) };
    } catch (cause) {
      signal.throwIfAborted();
      const why = cause instanceof Error ? String(cause.cause ?? cause) : String(cause);
      this.say(`${what}: ${method} ${filled}: ${why}`);
      throw new Unavailable(this.mask(`the service did not answer the ${what}: ${why}`), { cause });
    }
    this.say(`${this.inWords(what, answer)} (${method} ${filled})`);
    if (LATER.includes(answer.status) || answer.status >= 500)
      throw new Unavailable(this.inWords(what, answer));
    return answer;
  }

  /** A service that knows the field does not spawn twice for one generation (draft-ietf-httpapi-idempotency-key). */
  private headers(what: string): Record<string, string> {
    const { name, generation } = this.request;
    const own = this.settings.headers;
    const names = Object.keys(own).map((one) => [one, this.resolved(own[one], `headers.${one}`)]);
    const key = what === 'spawn' ? { 'idempotency-key': `${name}-${generation}` } : {};
    return { ...key, ...Object.fromEntries(names) };
  }

  private resolved(value: unknown, end: string): unknown {
    const key = `resources.${this.request.name}.http.${end}`;
    const sources = { env: process.env, folder: this.config.folder, key };
    if (typeof value === 'string') return resolveReferences(value, sources).value;
    if (Array.isArray(value)) return value.map((one) => this.resolved(one, end));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.resolved(one, end)]));
  }

  private say(line: string): void {
    this.note(this.mask(line));
  }

  private unexpected(what: string, answer: Answer): ReveilleError {
    return new ReveilleError('BOOT_FAILED', this.inWords(what, answer));
  }

  private inWords(what: string, { status, body }: Answer): string {
    const said = this.mask(body).replace(/\s+/g, ' ').trim().slice(0, SHOWN_CHARS);
    return `the service answered the ${what} with ${status}${said === '' ? '' : `: ${said}`}`;
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`its answer is larger than ${MOST_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
