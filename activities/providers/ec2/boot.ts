import { ReveilleError } from '../../../errors/index.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import type { Account, Accounts } from './accounts.js';
import { takenBy } from './created.js';
import { endOf, isAlive, isAsleep, isEnding, type Machine } from './machine.js';
import { Pace } from './pace.js';
import { isRefusal } from './refusals.js';
import type { Source } from './source.js';
import { TAGS } from './tags.js';

/** An instance that this often was told to start, and was only ever seen stopped, ends each time between two looks. */
const MAX_STARTS = 3;

export interface Started {
  readonly machine: Machine;
  /** It ran before, and nobody had begun to stop it. */
  readonly adopted: boolean;
}

/**
 * One boot of one generation. It looks, does one thing about what it sees, and looks again: so a call whose answer was
 * lost, a worker that died and another that does the same at once all come to the same end. The tags say whose an
 * instance is; what window is left between a look and a call, docs/providers.md states.
 */
export class Boot {
  private readonly generation: number;
  private readonly pace: Pace;
  /** What this try has started or created, and when. */
  private readonly begun = new Map<string, number>();
  /** What was seen to run since. */
  private readonly seen = new Set<string>();
  /** What this try has created: it has run, whether a look came in time to see it or not. */
  private readonly made = new Set<string>();
  private starts = 0;

  constructor(
    private readonly accounts: Accounts,
    private readonly account: Account,
    private readonly source: Source,
    private readonly request: BootRequest,
    private readonly context: ProviderContext,
  ) {
    this.generation = request.generation;
    this.pace = new Pace(account.settings.interval, account.settings.patience);
  }

  /** @throws ReveilleError STALE_GENERATION, INSTANCE_DIED; Refusal. */
  async run(): Promise<Started> {
    const { signal } = this.context;
    this.accounts.generations(this.request.name).begin(this.generation);
    for (;;) {
      signal.throwIfAborted();
      const started = (await this.pace.try(() => this.turn()))?.done;
      if (started !== undefined) return started;
      await this.pace.rest(signal);
    }
  }

  private async turn(): Promise<Started | undefined> {
    const machines = await this.source.look();
    const own = machines.filter(({ generation }) => generation === this.generation);
    const stale = this.staleness(machines);
    if (stale !== undefined) return await this.giveUp(stale, own);
    const [current, ...extra] = own.filter((one) => !isEnding(one)).sort(oldestFirst);
    // Two workers have each created one at another place: who was first stays.
    for (const one of extra) await this.source.remove(one);
    if (current !== undefined) return await this.goOn(current);
    const [ended] = own;
    if (ended !== undefined) throw new Death(ended);
    if (this.isSettling()) return undefined;
    const older = machines.filter(
      ({ generation, state }) => generation < this.generation && state !== 'terminated',
    );
    if (older.length > 0) await this.takeOver(older);
    else await this.make();
    return undefined;
  }

  /** Why this generation may start nothing, where it may not. */
  private staleness(machines: readonly Machine[]): ReveilleError | undefined {
    const { generation } = this;
    const younger = Math.max(0, ...machines.map((one) => one.generation));
    if (younger > generation) {
      return new ReveilleError('STALE_GENERATION', `generation ${younger} exists`, { younger });
    }
    if (machines.some((one) => one.generation === generation && isAsleep(one))) {
      return new ReveilleError('STALE_GENERATION', `generation ${generation} was stopped`);
    }
    try {
      this.check();
      return undefined;
    } catch (error) {
      if (error instanceof ReveilleError) return error;
      throw error;
    }
  }

  private check(): void {
    this.accounts.generations(this.request.name).check(this.generation);
  }

  /** The stop came between this try's look and its call: what it has started ends. */
  private async giveUp(stale: ReveilleError, own: readonly Machine[]): Promise<undefined> {
    const alive = own.filter((one) => this.begun.has(one.id) && isAlive(one));
    if (alive.length === 0 && !this.isSettling()) throw stale;
    for (const one of alive) await unlessMoved(this.source.end(one));
    return undefined;
  }

  /** Whether something that was begun may not be seen yet. */
  private isSettling(): boolean {
    const { settle } = this.account.settings;
    const isYoung = ([id, at]: [string, number]) => !this.seen.has(id) && performance.now() - at < settle;
    return [...this.begun].some(isYoung);
  }

  private async make(): Promise<void> {
    this.check();
    const made = await this.source.make();
    if (made === undefined) return;
    this.made.add(made.id);
    this.begun.set(made.id, performance.now());
  }

  /** What an older generation left becomes this one's, or goes away where it is not what is wanted today. */
  private async takeOver(older: readonly Machine[]): Promise<void> {
    const { cloud } = this.account;
    const [first, ...others] = [...older].sort((a, b) => b.generation - a.generation);
    for (const one of others.filter((other) => !isEnding(other))) await this.source.remove(one);
    if (first === undefined) return;
    this.context.heartbeat(`${first.id} is ${first.state}`);
    if (first.state === 'stopping' || first.state === 'shutting-down') return;
    if (isAlive(first) && isAsleep(first)) return await unlessMoved(this.source.end(first));
    if (!isAlive(first) && !this.source.isWanted(first)) return await this.source.remove(first);
    this.check();
    // What this try itself has started was nobody's before.
    const ran = isAlive(first) && !this.begun.has(first.id);
    const adopted = ran ? { [TAGS.adopted]: String(this.generation) } : {};
    await cloud.tag(first.id, { ...takenBy(this.accounts.owner, this.request), ...adopted });
  }

  private async goOn(machine: Machine): Promise<Started | undefined> {
    const { id, state } = machine;
    this.context.heartbeat(`${id} is ${state}`);
    if (isAlive(machine)) this.seen.add(id);
    else if (this.seen.has(id) || this.made.has(id)) throw new Death(machine);
    if (state === 'stopped' && !this.isSettling()) {
      if (this.starts++ >= MAX_STARTS) throw new Death(machine);
      this.check();
      await unlessMoved(this.account.cloud.start(id));
      this.begun.set(id, performance.now());
    }
    const { addresses, adopted } = machine;
    if (state !== 'running' || addresses[this.account.settings.address] === '') return undefined;
    return { machine, adopted: adopted === this.generation };
  }
}

/** An instance has ended in its boot. */
export class Death extends Error {
  constructor(readonly machine: Machine) {
    super(endOf(machine));
  }
}

/** Its state has changed since the look: the next one tells. */
export async function unlessMoved(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isRefusal(error, 'state', 'gone')) throw error;
  }
}

const oldestFirst = (a: Machine, b: Machine): number => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
