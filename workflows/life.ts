import type { Plan, ProbeResult } from '../activities/contract.js';
import { LeaseBook, type LeaseBookState } from './lease-book.js';
import type {
  AdoptArgs,
  Failure,
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

/** What a run hands to its successor (continue-as-new). Plain data. */
export interface Carried {
  /** True: the instance is awake and the successor goes on in `ready`. False: it boots. */
  awake: boolean;
  generation: number;
  plan?: Plan;
  instance?: Instance;
  book: LeaseBookState;
  pin: false | true | number;
  wakeOutstanding: boolean;
  lastActivity: number;
  readyAt: number;
  adoptedAt?: number;
  attempts: number;
  losses: number;
  boots: number;
  steps: StepTiming[];
  startedAt: number;
  wokenAt: number;
  wokenBy?: string;
}

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
  book = new LeaseBook();
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
  boots = 0;
  steps: StepTiming[] = [];
  startedAt = Date.now();
  wokenAt = Date.now();
  wokenBy: string | undefined;
  failure: Failure | undefined;
  retryAt: number | undefined;
  stopRequest: StopArgs | undefined;
  unreachable: UnreachableArgs | undefined;
  adoptRequest: Instance | undefined;
  /** What the idle probe said last. */
  probe: ProbeResult | undefined;
  /** When a pin or lease that held the stop back went away: from then on a stop is not late. */
  unblockedAt = 0;
  /** Cancels the step under way; set while one may be cut short by `stop`. */
  cancelStep: (() => void) | undefined;
  /** Told of each change of phase. */
  onPhase: (phase: Phase) => void = () => {};

  constructor(readonly input: LifecycleInput) {
    this.name = input.name;
    this.wakeOutstanding = input.adopted !== true;
    const carried = input.carried as Carried | undefined;
    if (carried) this.restore(carried);
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

  get serving(): boolean {
    return this.phase === 'ready' && this.stopRequest === undefined;
  }

  wake(args: WakeArgs = {}): void {
    const now = Date.now();
    const { proxy, ask, at } = args;
    if (proxy !== undefined && ask !== undefined && at !== undefined) {
      if (!this.book.note({ proxy, ask, at })) return;
      this.book.wait({ proxy, ask, at }, now);
    }
    if (this.serving) {
      this.lastActivity = now;
      this.grant();
    } else if (!this.refuseWhileBackingOff()) {
      if (this.wokenBy === undefined) this.noteWaker(args.reason);
      this.wakeOutstanding = true;
    }
  }

  touch(args: TouchArgs): void {
    if (args.generation !== this.generation || !this.book.note(args)) return;
    const now = Date.now();
    this.lastActivity = Math.max(this.lastActivity, now - Math.max(0, args.idleFor));
    this.book.setOpen(args.proxy, args.open);
    if (args.release === true) {
      this.book.release(args.proxy);
      if (this.book.unreleased().length === 0) this.unblockedAt = now;
    } else if (this.serving || this.phase === 'checking') {
      this.book.wait(args, now);
      if (this.serving) this.grant();
    }
  }

  noteUnreachable(args: UnreachableArgs): void {
    if (args.generation === this.generation && this.phase === 'ready') this.unreachable = args;
  }

  /** Ends the asks that came before it, and pins. Never called off; a later `force` makes it one. */
  stop(args: StopArgs = {}): void {
    this.book.refuseAll('STOPPED', 0);
    this.wakeOutstanding = false;
    this.pin = false;
    this.stopRequest = { ...this.stopRequest, ...args };
    this.cancelStep?.();
  }

  setPin({ until }: PinArgs = {}): void {
    const time = typeof until === 'string' ? Date.parse(until) : until;
    if (Number.isNaN(time)) return;
    this.pin = time ?? true;
    if (!this.serving) this.wakeOutstanding = true;
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
    if (this.plan) this.book.grantAll(this.plan.times.lease, Date.now());
  }

  /** The generation failed: everyone who waits is told at once, and so is who asks before the backoff is over. */
  fail(failure: Failure): void {
    const { backoffFirst, backoffMax } = this.plan?.times ?? { backoffFirst: 1000, backoffMax: 1000 };
    this.failure = failure;
    this.retryAt = Date.now() + Math.min(backoffFirst * 2 ** this.attempts, backoffMax);
    this.attempts += 1;
    this.wakeOutstanding = false;
    this.refuseWhileBackingOff();
  }

  /** Answers everyone who waits with the failure, where the backoff still lasts. */
  refuseWhileBackingOff(): boolean {
    if (!this.failure || this.retryAt === undefined || this.stopRequest) return false;
    const retryIn = this.retryAt - Date.now();
    if (retryIn <= 0) return false;
    this.book.refuseAll(this.failure.code, retryIn);
    return true;
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
    this.book.voidLeases();
  }

  private noteWaker(reason: string | undefined): void {
    this.wokenAt = Date.now();
    this.wokenBy = reason;
  }

  carry(awake: boolean): Carried {
    return {
      awake,
      generation: this.generation,
      book: this.book.state,
      pin: this.pin,
      wakeOutstanding: this.wakeOutstanding,
      lastActivity: this.lastActivity,
      readyAt: this.readyAt,
      attempts: this.attempts,
      losses: this.losses,
      boots: awake ? this.boots : 0,
      steps: awake ? this.steps : [],
      startedAt: awake ? this.startedAt : Date.now(),
      wokenAt: this.wokenAt,
      ...(this.wokenBy === undefined ? {} : { wokenBy: this.wokenBy }),
      ...(awake && this.plan ? { plan: this.plan } : {}),
      ...(awake && this.instance ? { instance: this.instance } : {}),
      ...(awake && this.adoptedAt !== undefined ? { adoptedAt: this.adoptedAt } : {}),
    };
  }

  private restore(carried: Carried): void {
    const { awake, book, ...rest } = carried;
    Object.assign(this, rest);
    this.book = new LeaseBook(book);
    if (awake) this.phase = 'ready';
  }
}
