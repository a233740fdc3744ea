import { workflowInfo } from '@temporalio/workflow';
import type { HolderAnswer, Plan } from '../activities/contract.js';
import { cancellableStep, checkHealth } from './boot.js';
import type { Life } from './life.js';
import type { Failure } from './messages.js';
import { anywhere, onHost, onProvider, target, toFailure, until } from './steps.js';

/** A stop found this late was held up by an outage: whoever used it meanwhile could not say so (leases.md 10). */
const LATE_MS = 2000;
const LATE_GRACE_MS = 10_000;
/** This long before the deadline, proxies whose lease ended without release are asked. */
const ASK_AHEAD_MS = 1000;
const MAX_EVENTS = 500;
/** In `ready` for this long, past failures are forgotten. */
const STEADY_MS = 60_000;
/** Instances lost in a row that are replaced at once; more of them are a failure with backoff. */
const MAX_LOSSES = 3;

export type AwakeOutcome = 'idle' | 'stop' | 'lost' | 'successor' | { failure: Failure };

/** From ready on, until there is a reason to leave. The decision to stop falls in one workflow task. */
export async function awake(life: Life, plan: Plan): Promise<AwakeOutcome> {
  const watch = new IdleWatch(life, plan);
  for (;;) {
    if (life.stopRequest) return 'stop';
    else if (life.unreachable) {
      const outcome = await recheck(life, plan);
      if (outcome !== 'ready') return outcome;
    } else if (needsSuccessor()) return 'successor';
    else if (await watch.look()) return 'idle';
  }
}

export const needsSuccessor = (): boolean =>
  workflowInfo().continueAsNewSuggested || workflowInfo().historyLength >= MAX_EVENTS;

/** The generation serves from now on: everyone who asked is answered. */
export function becomeReady(life: Life): void {
  life.enter('ready');
  life.readyAt = Date.now();
  life.lastActivity = Math.max(life.lastActivity, life.readyAt);
  life.wakeOutstanding = false;
  life.grant();
}

/** Somebody could not reach the instance. */
async function recheck(life: Life, plan: Plan): Promise<'ready' | 'stop' | 'lost' | { failure: Failure }> {
  if (Date.now() - life.readyAt >= STEADY_MS) forgetFailures(life);
  life.enter('checking');
  let gone = false;
  const outcome = await cancellableStep(
    life,
    async () => {
      gone = !(await inspect(life, plan));
      if (!gone && plan.hasHealth) await checkHealth(life, plan);
    },
    'HEALTH_TIMEOUT',
  );
  life.unreachable = undefined;
  if (outcome === 'stop') return 'stop';
  if (gone || (outcome !== 'done' && outcome.failure.code === 'INSTANCE_DIED')) {
    life.losses += 1;
    if (life.losses <= MAX_LOSSES) return 'lost';
    const message = `The instance ended ${life.losses} times in a row soon after it was ready`;
    return { failure: { code: 'INSTANCE_DIED', message } };
  }
  if (outcome !== 'done') return outcome;
  life.enter('ready');
  life.wakeOutstanding = false;
  life.grant();
  return 'ready';
}

function forgetFailures(life: Life): void {
  life.attempts = 0;
  life.losses = 0;
}

async function inspect(life: Life, plan: Plan): Promise<boolean> {
  const { instance } = life;
  if (!instance) return false;
  const { inspect } = onProvider(plan, 'stop', undefined, 'is it still there?');
  const found = await onHost(plan, plan.stopQueue, false, () => inspect({ ...target(life, plan), instance }));
  return found.state === 'running';
}

/** Watches for the end of use: one timer, looked at again when it fires. */
class IdleWatch {
  /** Set where a stop was found late, or a probe said busy. */
  private notBefore = 0;
  /** The deadlines for which proxies were asked and the probe said idle. Activity moves the deadline. */
  private askedFor = 0;
  private probedFor = 0;
  /** The deadline that was looked at in time; what is done about it from then on makes it no later. */
  private punctualFor = 0;
  private probeFailsSince: number | undefined;

  constructor(
    private readonly life: Life,
    private readonly plan: Plan,
  ) {}

  /** Looks once, or sleeps until there is something to look at. @returns whether it is idle: stop now. */
  async look(): Promise<boolean> {
    const { life } = this;
    const now = Date.now();
    life.lastActivity = Math.max(life.lastActivity, life.book.expire(now));
    const due = this.dueAt();
    const leased = life.book.lastEnd > now;
    const mustAsk = life.book.unreleased().length > 0 && this.askedFor !== due;
    if (!leased && mustAsk && due - ASK_AHEAD_MS <= now) await this.ask(due);
    else if (leased || due > now) await this.sleep(due, leased, mustAsk);
    else if (this.tooLate(due, now)) this.notBefore = now + Math.max(this.plan.times.lease, LATE_GRACE_MS);
    else if (this.plan.hasProbe && this.probedFor !== due) await this.probe(due);
    else return true;
    return false;
  }

  private tooLate(due: number, now: number): boolean {
    if (this.punctualFor !== due && now - due > LATE_MS) return true;
    this.punctualFor = due;
    return false;
  }

  /** When the stop may be decided, as far as is known now; Infinity where pinned for good. */
  dueAt(): number {
    const { life, plan } = this;
    const pinEnd = life.pin === true ? Number.POSITIVE_INFINITY : life.pin || 0;
    const used = Math.max(life.lastActivity, life.readyAt) + plan.times.idleAfter;
    const fence = life.adoptedAt === undefined ? 0 : life.adoptedAt + plan.times.longestLease + 1000;
    return Math.max(used, pinEnd, fence, this.notBefore, life.unblockedAt);
  }

  private async sleep(due: number, leased: boolean, mustAsk: boolean): Promise<void> {
    const { life } = this;
    const now = Date.now();
    const lookAt = due > now ? due - (mustAsk && !leased ? ASK_AHEAD_MS : 0) : life.book.lastEnd;
    const interrupted = () =>
      life.stopRequest !== undefined ||
      life.unreachable !== undefined ||
      this.dueAt() < due ||
      needsSuccessor() ||
      (life.book.lastEnd <= Date.now() && this.dueAt() <= Date.now());
    await until(interrupted, Number.isFinite(lookAt) ? lookAt - now : undefined, 'idle time');
    if (Date.now() - life.readyAt >= STEADY_MS) forgetFailures(life);
  }

  private async ask(due: number): Promise<void> {
    const { life } = this;
    const holders = life.book.unreleased();
    const { askHolders } = anywhere('is it still in use?');
    const answers = await askHolders({
      name: life.name,
      generation: life.generation,
      holders,
      revoke: false,
    });
    this.askedFor = due;
    for (const answer of answers) this.note(answer);
  }

  private note(answer: HolderAnswer): void {
    const { life } = this;
    if (answer.answer === 'silent') return;
    if (answer.answer === 'gone' || (!answer.holds && answer.open === 0)) life.book.release(answer.proxy);
    if (answer.answer === 'open') {
      const used = Date.now() - (answer.open > 0 ? 0 : answer.idleFor);
      life.lastActivity = Math.max(life.lastActivity, used);
    }
  }

  private async probe(due: number): Promise<void> {
    const { life, plan } = this;
    const { instance } = life;
    if (!instance) return;
    const { probeIdle } = onProvider(
      plan,
      'stop',
      plan.times.probeTimeout + 60_000,
      'does the probe say idle?',
    );
    const result = await onHost(plan, plan.stopQueue, true, () =>
      probeIdle({ ...target(life, plan), instance }),
    ).catch((error: unknown) => ({ idle: false, failed: toFailure(error, 'INTERNAL').message }));
    const now = Date.now();
    if (result.failed === undefined) this.probeFailsSince = undefined;
    else this.probeFailsSince ??= now;
    const failsTooLong = now - (this.probeFailsSince ?? now) >= plan.times.probeFailLimit;
    life.probe = result;
    // Its answer may have taken a while; what counts is that nothing happened meanwhile, which `due` tells.
    if (result.idle || (result.failed !== undefined && failsTooLong)) this.probedFor = due;
    else this.notBefore = now + plan.times.probeInterval;
  }
}
