import type { Plan, ProbeResult } from '../activities/contract.js';
import { type Carried, carriedDetails, carriedWaker } from './carried.js';
import { ConnectionBook } from './connection-book.js';
import { carriedExistence, type ExistenceState } from './existence.js';
import { asksForConnection, isClient, isTrace } from './guards.js';
import { LeaseBook } from './lease-book.js';
import type {
  AdoptArgs,
  Client,
  Failure,
  ImagesAwaited,
  Instance,
  LifecycleInput,
  Phase,
  PinArgs,
  StepTiming,
  StopArgs,
  TouchArgs,
  UnreachableArgs,
  WakeArgs,
} from './messages.js';

/** When to ask again for what is stuck on a host that is gone. */
const HOST_RETRY_MS = 10_000;

/**
 * The state of one resource's life and what each message does to it. Handlers only note things and answer at
 * once where the answer is known; the steps (boot.ts, awake.ts, ending.ts) act on them.
 */
export class Life {
  readonly name: string;
  phase: Phase = 'booting';
  since = Date.now();
  generation = 0;
  plan: Plan | undefined;
  instance: Instance | undefined;
  existence: ExistenceState = { before: 0, told: false };
  book = new LeaseBook();
  connections = new ConnectionBook();
  pin: false | true | number = false;
  /** Somebody who is no proxy asked, or a proxy's ask is kept for the next generation. */
  wakeOutstanding: boolean;
  lastActivity = 0;
  readyAt = 0;
  /** When this execution took over what it had not started itself (leases.md 16). */
  adoptedAt: number | undefined;
  /** Generations that failed in a row. */
  attempts = 0;
  /** Instances that ended while awake, in a row. */
  losses = 0;
  /** Reports that it could not be reached, in a row, that found it running. */
  rechecks = 0;
  boots = 0;
  steps: StepTiming[] = [];
  startedAt = Date.now();
  wokenAt = Date.now();
  wokenBy: string | undefined;
  /** The user for whom it was woken. */
  wokenFor: string | undefined;
  /** Its place among those of its provider, or how many are before it. */
  place: { ticket?: number; ahead?: number } = {};
  /** Images that the generation waits for. */
  images: ImagesAwaited = {};
  /** Whose connection woke it, where it was one. */
  client: Client | undefined;
  /** The trace of that wake. */
  trace: string | undefined;
  failure: Failure | undefined;
  retryAt: number | undefined;
  /** How long the backoff lasts that ends at `retryAt`. */
  backoff = 0;
  stopRequest: StopArgs | undefined;
  unreachable: UnreachableArgs | undefined;
  adoptRequest: Instance | undefined;
  /** A stop waits for a host that is gone. */
  hostGone = false;
  /** The generation's host is gone, and what ran there is given up. */
  abandoned = false;
  /** What the idle probe said last. */
  probe: ProbeResult | undefined;
  /** When a pin or lease that held the stop back went away: from then on a stop is not late. */
  unblockedAt = 0;
  /** Cancels the step under way; set while one may be cut short by `stop`. */
  cancelStep: (() => void) | undefined;
  /** Told of each change of phase, and when everyone was answered who waited for a step to end. */
  onPhase: (phase: Phase) => void = () => {};
  onAnswers: () => void = () => {};

  constructor(readonly input: LifecycleInput) {
    this.name = input.name;
    this.wakeOutstanding = input.adopted !== true;
    if (input.gone) this.stopRequest = { then: 'delete', reason: 'nobody wanted it any more' };
    if (input.carried) this.restore(input.carried as Carried);
  }

  enter(phase: Phase): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.since = Date.now();
    this.onPhase(phase);
  }

  /** Somebody wants it awake. */
  get wanted(): boolean {
    return this.wakeOutstanding || this.book.anyWaiting || this.pinned;
  }

  get pinned(): boolean {
    return this.pin === true || (this.pin !== false && this.pin > Date.now());
  }

  /** Not from a report that it cannot be reached on, until it was looked after. */
  get serving(): boolean {
    return this.phase === 'ready' && this.stopRequest === undefined && this.unreachable === undefined;
  }

  wake(args: WakeArgs = {}): void {
    const now = Date.now();
    const { proxy, ask, at } = args;
    if (proxy !== undefined && ask !== undefined && at !== undefined) {
      if (!this.book.note({ proxy, ask, at })) return;
      if (asksForConnection(args)) this.connections.ask({ proxy, ask, client: args.client });
      else this.book.wait({ proxy, ask, at }, now);
    }
    if (this.serving) {
      this.lastActivity = now;
      this.grant();
    } else if (!this.refuseWhileBackingOff()) {
      if (!this.wakeOutstanding || this.wokenBy === undefined) this.noteWaker(args);
      this.wakeOutstanding = true;
    }
  }

  touch(args: TouchArgs): void {
    if (args.generation !== this.generation || !this.book.note(args)) return;
    const now = Date.now();
    this.lastActivity = Math.max(this.lastActivity, now - Math.max(0, args.idleFor));
    if (args.release === true) {
      this.expireLeases(now);
      this.book.release(args.proxy);
      // Whoever else may still forward and could not say so, because of an outage, gets the time to.
      if (this.book.unreleased().length === 0) this.unblockedAt = now;
    } else if (!this.stopRequest && (this.phase === 'ready' || this.phase === 'checking')) {
      this.book.wait(args, now, args.open);
      if (this.serving) this.grant();
    }
  }

  /** A lease that has ended without release counts as use until its end. */
  expireLeases(now: number): void {
    this.lastActivity = Math.max(this.lastActivity, this.book.expire(now));
  }

  noteUnreachable(args: UnreachableArgs): void {
    if (args.generation === this.generation && this.phase === 'ready') this.unreachable = args;
  }

  /** Ends the asks that came before it, and pins. Never called off; a later `force` makes it one. */
  stop(args: StopArgs = {}): void {
    this.wakeOutstanding = false;
    this.pin = false;
    this.stopRequest = { ...this.stopRequest, ...args };
    this.answer(() => {
      this.book.refuseAll('STOPPED', 0);
      this.connections.refuseAll({ code: 'STOPPED', message: `${this.name} was stopped` });
    });
    this.cancelStep?.();
  }

  setPin({ until }: PinArgs = {}): void {
    const time = typeof until === 'string' ? Date.parse(until) : until;
    if (Number.isNaN(time)) return;
    this.pin = time ?? true;
    if (!this.serving && this.pinned) this.wakeOutstanding = true;
  }

  unpin(): void {
    if (this.pin === false) return;
    this.pin = false;
    this.unblockedAt = Date.now();
  }

  adopt({ instance }: AdoptArgs): void {
    if (this.instance === undefined) this.adoptRequest = instance;
  }

  /** Answers everyone who waits: they may forward to the current generation. */
  grant(): void {
    if (this.plan) this.book.grantAll(this.plan.times.lease, this.generation, Date.now());
  }

  /** As `grant` or a refusal, at the end of a step: they wait for it with no other message of theirs on its way. */
  answer(give: () => void): void {
    const [asked, connecting] = [this.book.anyWaiting, this.connections.anyWaiting];
    give();
    const allTold = (asked && !this.book.anyWaiting) || (connecting && !this.connections.anyWaiting);
    if (allTold) this.onAnswers();
  }

  /** The generation failed: everyone who waits is told at once, and so is who asks before the backoff is over. */
  fail(failure: Failure): void {
    const { backoffFirst, backoffMax } = this.plan?.times ?? { backoffFirst: 1000, backoffMax: 1000 };
    this.failure = failure;
    this.backoff = Math.min(backoffFirst * 2 ** this.attempts, backoffMax);
    this.retryAt = Date.now() + this.backoff;
    this.attempts += 1;
    this.wakeOutstanding = false;
    this.answer(() => this.refuseWhileBackingOff());
  }

  forgetFailures(): void {
    this.attempts = 0;
    this.losses = 0;
    this.rechecks = 0;
  }

  /** Answers everyone who waits with the failure, where the backoff still lasts. */
  refuseWhileBackingOff(): boolean {
    if (this.hostGone) this.book.refuseAll('HOST_GONE', HOST_RETRY_MS);
    if (this.hostGone) return true;
    if (!this.failure || this.retryAt === undefined || this.stopRequest) return false;
    const retryIn = this.retryAt - Date.now();
    if (retryIn <= 0) return false;
    this.book.refuseAll(this.failure.code, retryIn);
    this.connections.refuseAll(this.failure);
    return true;
  }

  /** What the quota of its provider says. */
  notePlace({ ticket, ahead }: { ticket: number; ahead?: number }): void {
    if (ticket === this.generation) this.place = ahead === undefined ? { ticket } : { ahead };
  }

  /** Nothing runs any more: who may have held leases of it before it was adopted is of no concern. */
  noteGone(): void {
    this.adoptedAt = undefined;
  }

  /** Starts the next generation: larger than the last one, and ordered across executions by the clock. */
  nextGeneration(): void {
    this.generation = Math.max(this.generation + 1, Date.now());
    this.instance = undefined;
    this.steps = [];
    this.failure = undefined;
    this.retryAt = undefined;
    this.unreachable = undefined;
    this.adoptedAt = undefined;
    this.abandoned = false;
    this.rechecks = 0;
    this.place = {};
    this.book.voidLeases();
  }

  private noteWaker({ reason, by, client, trace }: WakeArgs): void {
    this.wokenAt = Date.now();
    this.wokenBy = reason;
    this.wokenFor = by;
    this.client = isClient(client) ? client : undefined;
    this.trace = isTrace(trace) ? trace : undefined;
  }

  /** For a run of its own, or for the same awake period (or backoff) in a new history. */
  carry(phase: Carried['phase']): Carried {
    const goesOn = phase !== 'booting';
    return {
      phase,
      generation: this.generation,
      book: this.book.state,
      ...(this.connections.isUsed ? { connections: this.connections.state } : {}),
      pin: this.pin,
      wakeOutstanding: this.wakeOutstanding,
      lastActivity: this.lastActivity,
      readyAt: this.readyAt,
      attempts: this.attempts,
      losses: this.losses,
      rechecks: this.rechecks,
      since: goesOn ? this.since : Date.now(),
      boots: goesOn ? this.boots : 0,
      steps: goesOn ? this.steps : [],
      startedAt: goesOn ? this.startedAt : Date.now(),
      existence: carriedExistence(this),
      ...carriedWaker(this),
      ...(goesOn ? carriedDetails(this) : {}),
    };
  }

  private restore(carried: Carried): void {
    const { book, connections, ...rest } = carried;
    Object.assign(this, rest);
    this.book = new LeaseBook(book);
    this.connections = new ConnectionBook(connections);
  }
}
