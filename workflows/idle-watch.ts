import type { HolderAnswer, Plan, ProbeResult } from '../activities/contract.js';
import type { Life } from './life.js';
import { anywhere, needsSuccessor, onProvider, STEADY_MS, target, toFailure, until } from './steps.js';

/** A stop found this late was held up by an outage: whoever used it meanwhile could not say so (leases.md 10). */
const LATE_MS = 2000;
const LATE_GRACE_MS = 10_000;
/** This long before the deadline, proxies whose lease ended without release are asked. */
const ASK_AHEAD_MS = 1000;
/** What their answers tell of the last use differs by this much from call to call. */
const JITTER_MS = 100;
/** Beyond the probe's own time: for a worker lost on the way. */
const PROBE_SLACK_MS = 60_000;

/** Watches for the end of use: one timer, looked at again when it fires. */
export class IdleWatch {
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
    life.expireLeases(now);
    const due = this.dueAt();
    const leased = life.book.lastEnd > now;
    const mustAsk = life.book.unreleased().length > 0 && due - this.askedFor > JITTER_MS;
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
      life.connections.anyWaiting ||
      this.dueAt() < due ||
      needsSuccessor() ||
      (life.book.lastEnd <= Date.now() && this.dueAt() <= Date.now());
    await until(interrupted, Number.isFinite(lookAt) ? lookAt - now : undefined, 'idle time');
    if (Date.now() - life.readyAt >= STEADY_MS) life.forgetFailures();
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
    if (answer.answer === 'gone' || (!answer.holds && answer.open === 0)) {
      life.book.forgetStretch(answer.proxy);
    }
    if (answer.answer === 'open') {
      const used = Date.now() - (answer.open > 0 ? 0 : answer.idleFor);
      life.lastActivity = Math.max(life.lastActivity, used);
    }
  }

  private async probe(due: number): Promise<void> {
    const { life, plan } = this;
    const { instance } = life;
    if (!instance) return;
    const { probeIdle } = onProvider(plan, {
      queue: 'stop',
      timeoutMs: plan.times.probeTimeout + PROBE_SLACK_MS,
      host: 'awaited',
      summary: 'does the probe say idle?',
    });
    const result = await probeIdle({ ...target(life, plan), instance }).catch((error: unknown) => ({
      idle: false,
      failed: toFailure(error, 'INTERNAL').message,
    }));
    this.noteProbe(due, result);
  }

  private noteProbe(due: number, result: ProbeResult): void {
    const { life, plan } = this;
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
