import type { LeaseReply, Logger, Params } from '../config/index.js';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import type { StepTiming } from '../workflows/messages.js';
import { EndpointQueue } from './endpoint-queue.js';
import { FailureMemory } from './failure-memory.js';
import type { GateSettings, Pass, Standing, WaitOptions, WaitState } from './gate-contract.js';
import type { GateMetrics } from './gate-metrics.js';
import { type HoldBudget, HoldQueue } from './hold.js';
import { holdError } from './hold-error.js';
import { Lease, Usage } from './lease.js';
import { Line } from './line.js';
import { LeasePass } from './pass.js';
import { Renewal } from './renewal.js';
import type { UsualWakes } from './usual.js';
import { backOff, type Granted, type WaiterServices, type Watching, wakeAndWait } from './waiter.js';

const STILL_OPEN = 'connections are still open';

type Knock = Pick<WaitOptions, 'reason' | 'by' | 'client' | 'trace'>;

export interface GateServices extends Omit<WaiterServices, 'line'> {
  /** This start of this proxy process. */
  id: string;
  log: Logger;
  budget: HoldBudget;
  metrics: GateMetrics;
  usual: UsualWakes;
}

/** The gate of one resource in this process: one lease, one waiter, any number of clients. */
export class ResourceGate implements Standing {
  private lease: Lease | undefined;
  private readonly usages = new Map<string, Usage>();
  private readonly queue: HoldQueue<Pass>;
  readonly endpoints: EndpointQueue;
  private readonly renewal: Renewal;
  /** The lease that was given up last: what is in flight of it still counts. */
  private last: Lease | undefined;
  /** The highest generation that was given up for good. */
  private revoked = 0;
  private waiter: AbortController | undefined;
  private watching: Watching = {};
  /** When the waiter began: monotonic. */
  private wakingSince = 0;
  private readonly failures = new FailureMemory();
  private readonly services: GateServices & WaiterServices;
  /** Until when it is awake without a lease, as far as is known here: monotonic. */
  private awakeUntil = 0;
  /** What the member of a pool is made from; known from the first who asks for it on. */
  private params: Params | undefined;
  private closed = false;

  constructor(
    private readonly name: string,
    services: GateServices,
    public settings: GateSettings,
  ) {
    this.services = { ...services, line: new Line() };
    this.queue = new HoldQueue(name, services.budget);
    this.endpoints = new EndpointQueue(name, this.services);
    this.renewal = new Renewal(name, this.services, {
      current: () => this.lease,
      drop: (lease, why) => this.drop(lease, why),
      wake: () => this.startWaiter({ reason: STILL_OPEN }),
      stretchMs: () => this.settings.stretchMs,
      idleIn: ({ usage }) => (this.settings.hasQuiet ? this.settings.idleMs - usage.idleFor : 0),
    });
  }

  /** @param quiet it does not count as use. */
  tryEnter(quiet = false): Pass | undefined {
    const { lease } = this;
    if (lease === undefined) return undefined;
    if (!lease.live) {
      this.drop(lease);
      return undefined;
    }
    if (!quiet) return this.passFor(lease);
    lease.usage.begin(true);
    return new LeasePass(this, lease, undefined, true);
  }

  async enter({ signal, params, ...knock }: WaitOptions): Promise<Pass> {
    const warm = this.tryEnter();
    if (warm) return warm;
    if (this.closed) throw new ReveilleError('SHUTTING_DOWN');
    const failure = this.failures.current;
    if (failure) throw failure;
    this.params ??= params;
    const held = this.queue.wait(signal, () => holdError(this.name, this.watching));
    // Who found no place is told so, and wakes nothing.
    if (this.queue.size > 0) this.startWaiter(knock);
    return await held;
  }

  nudge({ reason, params }: Omit<WaitOptions, 'signal'>): void {
    this.params ??= params;
    this.startWaiter({ reason });
  }

  get standing(): Standing['standing'] {
    if (this.hasLease) return 'awake';
    if (this.failures.current !== undefined) return 'failing';
    if (performance.now() < this.awakeUntil) return 'awake';
    return this.waiter === undefined ? 'asleep' : 'waking';
  }

  get load(): number {
    const inFlight = [...this.usages.values()].reduce((sum, usage) => sum + usage.inFlight, 0);
    return inFlight + this.queue.size;
  }

  /** Something here is under way or counts: not where everything would be the same after a fresh start. */
  get inUse(): boolean {
    return this.waiter !== undefined || this.lease !== undefined || this.load > 0;
  }

  get state(): WaitState | undefined {
    if (!this.waiter) return undefined;
    const { state, trouble } = this.watching;
    return {
      ...(state ? { phase: state.phase, progress: state.progress } : { phase: 'booting' }),
      waitedMs: performance.now() - this.wakingSince,
      usual: this.services.usual.of(this.settings.label),
      trouble,
    };
  }

  /** As `state`, and also how the last wake ended; undefined where that says nothing of today. */
  get known(): WaitState | undefined {
    if (this.waiter) return this.state;
    if (this.hasLease) return { phase: 'ready' };
    const failure = this.failures.current;
    return failure && { phase: 'failed', failure };
  }

  get hasLease(): boolean {
    return this.lease?.live === true;
  }

  /** Answers a workflow's question (leases.md 10 and 12). With `revoke`, no grant of it is ever used again. */
  answer(generation: number, revoke: boolean): Omit<LeaseReply, 'proxy'> {
    const { lease } = this;
    const usage = lease?.generation === generation ? lease.usage : this.usageOf(generation);
    if (revoke) this.revoke(generation, usage);
    else if (lease && this.unusedStretch(lease)) this.drop(lease);
    return {
      holds: this.lease?.generation === generation && this.lease.live,
      // A drain waits for all that is in flight; only some of it keeps awake.
      open: (revoke ? usage?.inFlight : usage?.open) ?? 0,
      idleFor: usage?.idleFor ?? Number.MAX_SAFE_INTEGER,
    };
  }

  /** Gives the lease back, so that nothing waits for its end. */
  async close(): Promise<void> {
    this.closed = true;
    this.waiter?.abort(new ReveilleError('SHUTTING_DOWN'));
    this.queue.failAll(new ReveilleError('SHUTTING_DOWN'));
    const { lease } = this;
    if (!lease) return;
    this.drop(lease);
    await this.renewal.release(lease, 1);
  }

  private passFor(lease: Lease, cold?: { waited: number; steps: StepTiming[] }): Pass {
    lease.used = true;
    lease.usage.begin(false);
    return new LeasePass(this, lease, cold);
  }

  /** Called by a pass. */
  lost(lease: Lease, error: string): void {
    const { generation } = lease;
    const current = this.lease;
    // A thousand requests may find the same; and an older generation is nobody's concern any more.
    if (lease.reported || (current && current.generation !== generation)) return;
    lease.reported = true;
    if (current) this.drop(current);
    const { line, resources, log } = this.services;
    // In line: the wake that follows it is answered after the instance was looked after.
    line
      .say(() => resources.unreachable(this.name, { generation, error }))
      .catch((reason: unknown) => {
        log.warn({ err: reason, resource: this.name }, 'could not tell that the instance is unreachable');
      });
    if (lease.usage.open > 0) this.startWaiter({ reason: STILL_OPEN });
  }

  private startWaiter(knock: Knock): void {
    if (this.waiter || this.closed) return;
    const controller = new AbortController();
    this.waiter = controller;
    this.watching = {};
    this.wakingSince = performance.now();
    this.wait(knock, controller.signal)
      .catch((error: unknown) => this.onRefused(error))
      .finally(() => {
        this.waiter = undefined;
        // Somebody came between the answer and now: they are not left without a waiter.
        if (this.queue.size > 0) this.startWaiter(knock);
      });
  }

  private async wait(knock: Knock, signal: AbortSignal): Promise<void> {
    const { name, watching } = this;
    const wanted = () => this.queue.size > 0 || this.open > 0;
    for (let tries = 0; ; tries++) {
      const { params } = this;
      const wait = { name, params, ...knock, watching, wanted, signal };
      const granted = await wakeAndWait(this.services, wait);
      if (!granted || this.take(granted)) return;
      // Revoked, or over when it came.
      await backOff(tries, signal);
    }
  }

  /** Uses a grant, unless its generation was revoked or its time is over. */
  private take({ sent, state, lease: length, waited, cold }: Granted): boolean {
    const { generation, endpoint, instance } = state;
    if (endpoint === undefined || instance === undefined || generation <= this.revoked) return false;
    const usage = this.usages.get(instance) ?? new Usage(instance);
    const lease = new Lease(generation, endpoint, usage);
    if (!lease.extend(sent, { lease: length, waited })) return false;
    this.usages.set(instance, usage);
    this.forgetUnused(usage);
    this.lease = lease;
    this.failures.forget();
    this.renewal.schedule(lease);
    const steps = cold ? state.progress.steps : [];
    const { metrics, usual } = this.services;
    const { label } = this.settings;
    metrics.granted(label, cold ? steps : undefined, performance.now() - this.wakingSince);
    usual.note(label, steps);
    this.queue.releaseAll((waited) => this.passFor(lease, { waited, steps }));
    return true;
  }

  private onRefused(error: unknown): void {
    if (!isReveilleError(error)) {
      this.services.log.error({ err: error, resource: this.name }, 'the waiter failed');
      this.queue.failAll(new ReveilleError('INTERNAL', undefined, { cause: error }));
      return;
    }
    this.services.metrics.refused(this.settings.label, error.code);
    this.failures.note(error);
    this.queue.failAll(error);
  }

  private revoke(generation: number, usage: Usage | undefined): void {
    this.revoked = Math.max(this.revoked, generation);
    const { lease } = this;
    if (lease && lease.generation <= generation) this.drop(lease);
    if (usage && usage.inFlight > 0) usage.onDrained = () => this.renewal.drained(generation);
  }

  /** Requests and connections of every instance that is known. */
  private get open(): number {
    return [...this.usages.values()].reduce((sum, { open }) => sum + open, 0);
  }

  private unusedStretch(lease: Lease): boolean {
    return lease.isStretched && lease.usage.open === 0 && lease.usage.idleFor > lease.length;
  }

  private drop(lease: Lease, why?: 'unused'): void {
    if (this.lease !== lease) return;
    this.renewal.cancel();
    this.last = lease;
    this.lease = undefined;
    this.awakeUntil = why === undefined ? 0 : performance.now() + this.settings.idleMs - lease.usage.idleFor;
  }

  private usageOf(generation: number): Usage | undefined {
    return this.last?.generation === generation ? this.last.usage : undefined;
  }

  private forgetUnused(current: Usage): void {
    for (const [instance, usage] of this.usages) {
      if (usage !== current && usage.inFlight === 0) this.usages.delete(instance);
    }
  }
}
