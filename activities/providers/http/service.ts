import { type Config, httpPresets } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint } from '../../../workflows/messages.js';
import { cleanText, lastBytes } from '../../log-text.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import { type Answer, Calls, Unavailable } from './calls.js';
import { endpointsIn, isAmong, itemsIn, textAt } from './template.js';

const DEATH_LOG_BYTES = 4096;
/** RFC 9110, 15.3.3: taken, and not done yet. */
const ACCEPTED = 202;

/** What a look-up says. */
export interface Seen {
  /** As the service names it, where the settings say where that stands. */
  readonly id?: string;
  /** In the order of the service; none where nothing runs (yet). */
  readonly endpoints: readonly Endpoint[];
  /** It has ended by itself. */
  readonly ended?: { readonly reason: string; readonly log: string };
}

export interface Listed extends Seen {
  readonly name: string;
}

/** The service of one resource, in the words of its configuration. */
export class Service {
  private readonly calls: Calls;

  /** @param note takes what is to be kept in the log, masked. */
  constructor(request: Omit<BootRequest, 'revision'>, config: Config, note: (line: string) => void) {
    this.calls = new Calls(request, config, note);
  }

  /** @throws Unavailable; ReveilleError BOOT_FAILED where it answers what nobody expects. */
  async lookUp({ signal }: ProviderContext): Promise<Seen> {
    const { lookup = this.preset?.lookup } = this.calls.settings;
    if (lookup === undefined) return { endpoints: [] };
    const answer = await this.calls.send('look-up', lookup, signal);
    const { status, body } = answer;
    if (isAmong(status, lookup.absent)) return { endpoints: [] };
    if (isAmong(status, lookup.ended)) {
      const log = (await this.log(DEATH_LOG_BYTES, signal)) ?? this.tail(body, DEATH_LOG_BYTES);
      return { endpoints: [], ended: { reason: this.calls.inWords('look-up', answer), log } };
    }
    if (!isAmong(status, lookup.status)) throw this.notExpected('look-up', answer);
    const value = this.jsonOf('look-up', body);
    return seen(value, lookup);
  }

  /** @throws as lookUp. */
  async spawn({ signal }: ProviderContext): Promise<void> {
    const { spawn = this.preset?.spawn } = this.calls.settings;
    if (spawn === undefined) return;
    const answer = await this.calls.send('spawn', spawn, signal);
    if (!isAmong(answer.status, spawn.status)) throw this.unexpected('spawn', answer);
  }

  /**
   * @param id of the instance, where it is known.
   * @returns whether it goes on: the service has said 202.
   * @throws ReveilleError STOP_FAILED.
   */
  async end(
    then: 'stop' | 'delete',
    id: string | undefined,
    { signal }: ProviderContext,
  ): Promise<{ goesOn: boolean }> {
    const wanted = this.endCall(then);
    if (wanted === undefined) return { goesOn: false };
    const answer = await this.calls.send(then, wanted, signal, id).catch((cause: Error) => {
      signal.throwIfAborted();
      throw new ReveilleError('STOP_FAILED', cause.message, { cause });
    });
    if (!isAmong(answer.status, wanted.status) && answer.status !== 404)
      throw new ReveilleError('STOP_FAILED', this.calls.inWords(then, answer));
    return { goesOn: answer.status === ACCEPTED };
  }

  /** Whether that call names an exact instance, and can do nothing without its name. */
  needsId(then: 'stop' | 'delete'): boolean {
    return JSON.stringify(this.endCall(then) ?? '').includes('{id}');
  }

  /** What runs there, under whatever names; undefined where the service cannot tell. @throws as lookUp. */
  async list({ signal }: ProviderContext): Promise<Listed[] | undefined> {
    const { list } = this.calls.settings;
    if (list === undefined) return undefined;
    const answer = await this.calls.send('list', list, signal);
    if (!isAmong(answer.status, list.status)) throw this.notExpected('list', answer);
    return itemsIn(this.jsonOf('list', answer.body), list.items).flatMap((item) => {
      const name = textAt(item, list.name);
      return name === undefined ? [] : [{ name, ...seen(item, list) }];
    });
  }

  /** The end of what the instance has said, masked; undefined where the service does not tell. */
  async log(bytes: number, signal: AbortSignal): Promise<string | undefined> {
    const { log } = this.calls.settings;
    if (log === undefined) return undefined;
    const answer = await this.calls.send('log', log, signal).catch(() => undefined);
    const isThere = answer !== undefined && isAmong(answer.status, log.status);
    return isThere ? this.tail(answer.body, bytes) : undefined;
  }

  private endCall(then: 'stop' | 'delete') {
    const { stop, delete: remove } = this.calls.settings;
    return (then === 'delete' ? remove : undefined) ?? stop;
  }

  private tail(text: string, bytes: number): string {
    return lastBytes(cleanText(this.calls.mask(text)), bytes);
  }

  private get preset() {
    return this.calls.settings.preset && httpPresets[this.calls.settings.preset];
  }

  private jsonOf(what: string, body: string): unknown {
    try {
      return JSON.parse(body);
    } catch (cause) {
      throw new ReveilleError('BOOT_FAILED', `the ${what} answered something that is not JSON`, { cause });
    }
  }

  /** Of a call that changes nothing: what fails at the service may work later. */
  private notExpected(what: string, answer: Answer): Error {
    if (answer.status < 500) return this.unexpected(what, answer);
    return new Unavailable(this.calls.inWords(what, answer), 'never');
  }

  private unexpected(what: string, answer: Answer): ReveilleError {
    return new ReveilleError('BOOT_FAILED', this.calls.inWords(what, answer));
  }
}

function seen(value: unknown, { endpoint, id }: { endpoint: string; id?: string | undefined }): Seen {
  const named = id === undefined ? undefined : textAt(value, id);
  return { endpoints: endpointsIn(value, endpoint), ...(named === undefined ? {} : { id: named }) };
}
