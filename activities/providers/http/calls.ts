import {
  type Config,
  createMasker,
  type HttpCall,
  poolOfMember,
  resolveReferences,
  secretsOf,
  settingsOf,
} from '../../../config/index.js';
import type { BootRequest } from '../contract.js';
import { fillBody, fillPath, type Values } from './template.js';

/** Of an answer, no more is read. */
const MOST_BYTES = 1024 * 1024;
const SHOWN_CHARS = 200;
/** Statuses after which the same call may work a little later, and nothing was done. */
const NOT_TAKEN = [429, 503];
/** Errors of a call that never reached the service. */
const NOT_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

/** How a call ended that was answered: what `status` lists, or nothing there. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A call that may work later. */
export class Unavailable extends Error {
  /** @param wasTaken `never`: the service has done nothing about it; `unknown`: nobody knows. */
  constructor(
    message: string,
    readonly wasTaken: 'never' | 'unknown',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Calls for one generation of one resource, with its values in the templates and its secrets masked. */
export class Calls {
  readonly settings;
  readonly mask: (text: string) => string;

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
   * @param id of the instance: {id} in templates.
   * @throws Unavailable; ReveilleError BOOT_FAILED where a template has no value.
   */
  async send(what: string, call: HttpCall, signal: AbortSignal, id?: string): Promise<Answer> {
    const { method, path, body } = call;
    const values = id === undefined ? this.values : { ...this.values, id };
    const filled = fillPath(path, values);
    const init = {
      method,
      headers: {
        accept: 'application/json',
        ...this.headers(what),
        ...(body && { 'content-type': 'application/json' }),
      },
      redirect: 'manual' as const,
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.settings.timeout)]),
      ...(body && { body: JSON.stringify(fillBody(this.resolved(body, 'body'), values)) }),
    };
    let answer: Answer;
    try {
      const response = await fetch(this.settings.url.replace(/\/+$/, '') + filled, init);
      answer = { status: response.status, body: await textOf(response) };
    } catch (cause) {
      signal.throwIfAborted();
      const why = cause instanceof Error ? String(cause.cause ?? cause) : String(cause);
      this.say(`${what}: ${method} ${filled}: ${why}`);
      const wasTaken = NOT_SENT.includes(codeOf(cause)) ? 'never' : 'unknown';
      throw new Unavailable(this.mask(`the service did not answer the ${what}: ${why}`), wasTaken, { cause });
    }
    this.say(`${this.inWords(what, answer)} (${method} ${filled})`);
    if (NOT_TAKEN.includes(answer.status)) throw new Unavailable(this.inWords(what, answer), 'never');
    return answer;
  }

  inWords(what: string, { status, body }: Answer): string {
    const said = this.mask(body).replace(/\s+/g, ' ').trim().slice(0, SHOWN_CHARS);
    return `the service answered the ${what} with ${status}${said === '' ? '' : `: ${said}`}`;
  }

  /** Of the generation, whatever it is asked for. */
  private get own(): Values {
    const { name, generation } = this.request;
    return { resource: name, generation: String(generation), key: `${name}-${generation}` };
  }

  private get values(): Values {
    const { name, params } = this.request;
    const resource = poolOfMember(this.config, name) ?? name;
    return { as: resource, groups: '', ...params, ...this.own };
  }

  /** A service that knows the field does not spawn twice for one generation (draft-ietf-httpapi-idempotency-key). */
  private headers(what: string): Record<string, string> {
    const own = this.settings.headers;
    // Nothing that a client chooses goes into a field.
    const names = Object.keys(own).map((one) => [
      one,
      fillBody(this.resolved(own[one], `headers.${one}`), this.own),
    ]);
    const key = what === 'spawn' ? { 'idempotency-key': this.own.key } : {};
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
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
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
