import type { Instance, StopMode } from '../../../workflows/messages.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import type { Account, Accounts } from './accounts.js';
import { unlessMoved } from './boot.js';
import { isAlive, isAsleep, type Machine } from './machine.js';
import { Pace } from './pace.js';
import { isRefusal } from './refusals.js';
import { TAGS } from './tags.js';

export interface StopOptions {
  then: StopMode;
  force: boolean;
}

/**
 * Ends what a generation runs, and sees to it that nothing is started for it any more: its instance is marked as asleep
 * before it is told to stop. What a younger generation has taken over is left alone; so is what an older one left,
 * unless its own stop has begun or all is to be deleted. Looks, does what is to be done, and looks again.
 */
export class Stop {
  private readonly pace: Pace;
  /** A boot that was cut off may have asked for something of which the cloud does not tell yet. */
  private readonly settledAt: number;
  private cannotHibernate = false;

  constructor(
    private readonly accounts: Accounts,
    private readonly account: Account,
    private readonly request: BootRequest,
    private readonly options: StopOptions,
    private readonly context: ProviderContext,
  ) {
    const { interval, patience, settle } = account.settings;
    this.pace = new Pace(interval, patience);
    this.settledAt = performance.now() + settle;
  }

  /** @param instance what the boot came to; undefined where it did not come to its end. @throws Refusal. */
  async run(instance: Instance | undefined): Promise<void> {
    const { name, generation } = this.request;
    const { signal } = this.context;
    this.accounts.generations(name).seal(generation);
    for (;;) {
      signal.throwIfAborted();
      const ended = await this.pace.try(() => this.turn(instance));
      if (ended?.done === true) return;
      await this.pace.rest(signal);
    }
  }

  /** @returns whether nothing is left to do. */
  private async turn(instance: Instance | undefined): Promise<boolean> {
    const { view, gapMs } = this.account;
    const ours = (await view.fresh(gapMs)).filter(({ resource }) => resource === this.request.name);
    const concerned = ours.filter((one) => this.isConcerned(one));
    const left = concerned.filter((one) => !this.isDone(one));
    for (const one of left) await this.end(one);
    if (left.length > 0) return false;
    const isKnown = instance !== undefined || concerned.length > 0;
    return isKnown || performance.now() >= this.settledAt;
  }

  private isConcerned(machine: Machine): boolean {
    const { generation } = this.request;
    if (machine.generation > generation) return false;
    return machine.generation === generation || isAsleep(machine) || this.options.then === 'delete';
  }

  private isDone(machine: Machine): boolean {
    if (machine.state === 'terminated') return true;
    // What has stopped by itself is marked as well: its boot may still go on somewhere.
    const isMarked = isAsleep(machine) || machine.generation === 0;
    return machine.state === 'stopped' && !this.isFinal(machine) && isMarked;
  }

  /** Whether it is to be terminated: what Reveille has not created never is. */
  private isFinal({ made, endsForGood }: Machine): boolean {
    return made !== undefined && (endsForGood || this.options.then === 'delete');
  }

  private async end(machine: Machine): Promise<void> {
    const { cloud } = this.account;
    const { id, state, generation } = machine;
    const { then, force } = this.options;
    this.context.heartbeat(`${then} of ${id}, which is ${state}`);
    if (!isAsleep(machine) && generation > 0) await cloud.tag(id, { [TAGS.asleep]: String(generation) });
    if (this.isFinal(machine)) {
      if (state !== 'shutting-down') await unlessMoved(cloud.terminate(id));
    } else if (isAlive(machine) || (force && state === 'stopping')) await this.halt(id);
  }

  private async halt(id: string): Promise<void> {
    const { cloud } = this.account;
    const { then, force } = this.options;
    const hibernate = then === 'suspend' && !this.cannotHibernate;
    try {
      await unlessMoved(cloud.stop(id, hibernate ? { hibernate } : { force }));
    } catch (error) {
      if (!hibernate || !isRefusal(error, 'unsupported', 'invalid')) throw error;
      this.cannotHibernate = true;
      this.accounts.log.warn({ instance: id, why: error.message }, 'cannot be suspended: it is stopped');
    }
  }
}
