import { type SettingsOf, settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Generations } from '../../host/generations.js';
import { pause } from '../../pause.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import { jittered } from './api.js';
import type { Cloud } from './cloud.js';
import { hasNoCapacity, isBusy, isMissing, isOverQuota, Refusal } from './failures.js';
import { labelsFor, marksOf } from './labels.js';
import type { Machines } from './machines.js';
import type { Asking, Done } from './operations.js';
import { lastPart, type Machine } from './resources.js';
import { machineName, specOf } from './spec.js';
import { stateOf } from './state.js';

/** What comes after a step: a look at once, or after a pause. */
type Next = 'look' | 'wait';
/** Between two looks at a machine that is on its way. */
const LOOK_MS = 1000;
/** Operations of one generation that failed because the machine was busy, or by a mistake of the cloud's own. */
const MAX_FAILURES = 5;

export interface Started {
  readonly machine: Machine;
  /** It ran before, and nobody had begun to stop it. */
  readonly adopted: boolean;
}

/**
 * One boot of one generation. Any number of workers may do the same at once, pause and die anywhere: the name of a
 * machine is one in its zone; its labels say whose it is, and change only by who has seen the last change (412
 * otherwise); and each generation creates, starts or resumes once, by a requestId that all its workers share.
 */
export class Boot {
  private readonly machines: Machines;
  private readonly record: Generations;
  private readonly settings: SettingsOf<'gce'>;
  /** Each makes what is asked for next another asking. */
  private failures = 0;

  constructor(
    private readonly cloud: Cloud,
    private readonly request: BootRequest,
    private readonly context: ProviderContext,
  ) {
    this.machines = cloud.machines(request.definition);
    this.record = cloud.record(request.name);
    this.settings = settingsOf(request.definition, 'gce');
  }

  async run(): Promise<Started> {
    const { signal, heartbeat } = this.context;
    this.record.begin(this.request.generation);
    for (;;) {
      const { own, foreign } = await this.cloud.find(this.request, this.context);
      const [machine] = own;
      if (machine === undefined && foreign.length > 0) throw this.notOurs();
      const next = await this.once(machine);
      if (typeof next === 'object') return next;
      if (machine !== undefined) heartbeat(`the machine is ${machine.status}`);
      if (next === 'wait') await pause(jittered(LOOK_MS), signal);
    }
  }

  /** One step towards a machine that runs. */
  private async once(machine: Machine | undefined): Promise<Started | Next> {
    try {
      return machine === undefined ? await this.create() : await this.advance(machine);
    } catch (error) {
      // Somebody else did something to it meanwhile.
      const isLate = machine !== undefined && isMissing(error);
      if (isLate || (error instanceof Refusal && error.status > 0 && isBusy(error))) return 'wait';
      throw error;
    }
  }

  private async advance(machine: Machine): Promise<Started | Next> {
    const { generation } = this.request;
    const { generation: last, found } = marksOf(machine);
    if (last > generation) {
      throw new ReveilleError('STALE_GENERATION', `generation ${last} has the machine`, { younger: last });
    }
    const isOwn = last === generation;
    switch (stateOf(machine)) {
      case 'running':
        if (isOwn) return { machine, adopted: found === 'running' };
        return this.take(machine, 'running');
      case 'asleep':
        // What it has made, or found running, has ended since.
        if (isOwn && found !== 'asleep') throw new Died(machine);
        return isOwn ? this.wake(machine, 'start') : this.take(machine, 'asleep');
      case 'suspended':
        return isOwn ? this.wake(machine, 'resume') : this.take(machine, 'asleep');
      case 'ending':
        // What this generation runs has begun to end: preempted, or shut down from within.
        if (isOwn) throw new Died(machine);
        return 'wait';
      default:
        return 'wait';
    }
  }

  private async take(machine: Machine, found: 'asleep' | 'running'): Promise<Next> {
    this.context.heartbeat('taking the machine over');
    await this.machines.label(machine, labelsFor(this.request, this.cloud.owner, found), this.context);
    return 'look';
  }

  /** Starts or resumes what this generation has taken, once: what has ended since is not started again. */
  private async wake(machine: Machine, verb: 'start' | 'resume'): Promise<Next> {
    this.record.check(this.request.generation);
    const asking = this.asking(verb, machine.id);
    const { failure, isOld } = await this.machines.tell(machine, verb, asking, this.context);
    if (failure !== undefined) return this.failed(failure);
    const now = isOld ? await this.lookAt(machine) : undefined;
    if (now !== undefined && stateOf(now) === stateOf(machine)) throw new Died(now);
    return 'look';
  }

  private async create(): Promise<Next> {
    const { zone, zones } = this.settings;
    const full = new Set<string>();
    let refused: Refusal | undefined;
    for (const one of [zone, ...zones]) {
      // A quota is the region's: another of its zones has no more of it.
      if (full.has(regionOf(one))) continue;
      refused = await this.createIn(one);
      if (refused === undefined) return 'look';
      if (isOverQuota(refused)) full.add(regionOf(one));
    }
    throw refused;
  }

  /** @returns why there is no room for it in that zone. */
  private async createIn(zone: string): Promise<Refusal | undefined> {
    this.record.check(this.request.generation);
    this.context.heartbeat(`creating the machine in ${zone}`);
    const spec = specOf(this.request, zone, this.cloud.owner, this.cloud.config);
    let done: Done;
    try {
      done = await this.machines.insert(zone, spec, this.asking('insert', zone), this.context);
    } catch (error) {
      if (error instanceof Refusal && (hasNoCapacity(error) || isOverQuota(error))) return error;
      throw error;
    }
    const { failure, isOld } = done;
    if (failure !== undefined) {
      if (hasNoCapacity(failure) || isOverQuota(failure)) return failure;
      this.failed(failure);
    } else if (isOld && (await this.cloud.find(this.request, this.context)).own.length === 0) {
      throw new ReveilleError('INSTANCE_DIED', 'the machine was deleted while it booted');
    }
    return undefined;
  }

  private asking(what: string, of: string): Asking {
    const { name, generation } = this.request;
    return [this.cloud.owner, name, generation, what, of, this.failures];
  }

  /** What failed and may work when it is asked for anew; anything else ends the boot. */
  private failed(failure: Refusal): Next {
    if (!isBusy(failure) || ++this.failures > MAX_FAILURES) throw failure;
    return 'wait';
  }

  private lookAt({ id, zone }: Machine): Promise<Machine | undefined> {
    return this.machines.get(lastPart(zone), id, this.context);
  }

  private notOurs(): ReveilleError {
    const name = machineName(this.request);
    const message = `a machine named ${name} exists that is not of this resource (its labels say whose): give another gce.name, or this one where Reveille shall use it`;
    return new ReveilleError('BOOT_FAILED', message);
  }
}

/** A machine has ended that its boot had begun. */
export class Died extends Error {
  constructor(readonly machine: Machine) {
    super(`the machine is ${machine.status}`);
  }
}

const regionOf = (zone: string): string => zone.slice(0, zone.lastIndexOf('-'));
