import { ReveilleError } from '../../../errors/index.js';
import type { StopMode } from '../../../workflows/messages.js';
import { pause } from '../../pause.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import { jittered } from './api.js';
import type { Cloud } from './cloud.js';
import { isBusy, isMissing, Refusal } from './failures.js';
import { marksOf } from './labels.js';
import type { Machines } from './machines.js';
import type { Done } from './operations.js';
import { lastPart, type Machine } from './resources.js';
import { type State, stateOf } from './state.js';

const LOOK_MS = 1000;
/** So often it may be found running again after a stop, or busy. */
const MAX_TURNS = 100;

/**
 * Ends what a generation runs, and sees to it that this host starts nothing for it any more. What a younger one has
 * taken over is left alone. What an older one runs came too late, in another zone: it ends as well.
 */
export async function stopMachines(
  cloud: Cloud,
  request: BootRequest,
  then: StopMode,
  context: ProviderContext,
): Promise<void> {
  cloud.record(request.name).seal(request.generation);
  const { own } = await cloud.find(request, context);
  for (const machine of own) {
    const { generation } = marksOf(machine);
    const isOurs = generation === request.generation;
    const isOlder = generation < request.generation && (then === 'delete' || generation > 0);
    if (isOurs || isOlder) await new End(cloud, request, then, context).of(machine);
  }
}

class End {
  private readonly machines: Machines;

  constructor(
    cloud: Cloud,
    private readonly request: BootRequest,
    private then: StopMode,
    private readonly context: ProviderContext,
  ) {
    this.machines = cloud.machines(request.definition);
  }

  async of(found: Machine): Promise<void> {
    const { generation, isMade } = marksOf(found);
    // What Reveille did not create is not its to delete.
    if (this.then === 'delete' && !isMade) this.then = 'stop';
    let last: Error | undefined;
    for (let turn = 0; turn < MAX_TURNS; ) {
      const machine = await this.machines.get(lastPart(found.zone), found.id, this.context);
      if (machine === undefined || marksOf(machine).generation !== generation) return;
      const state = stateOf(machine);
      if (this.isDone(state)) return;
      this.context.heartbeat(`${this.then}: the machine is ${machine.status}`);
      const isEnding = state === 'ending' || state === 'suspending';
      if (!isEnding) last = await this.once(machine, turn++);
      if (isEnding || last !== undefined) await pause(jittered(LOOK_MS), this.context.signal);
    }
    throw last ?? new ReveilleError('STOP_FAILED', 'the machine is started again and again by somebody else');
  }

  private isDone(state: State): boolean {
    return this.then !== 'delete' && (state === 'asleep' || state === 'suspended');
  }

  /** Asks for it once. A turn is another asking: one that failed, or was undone since, would be answered as it was. */
  private async once(machine: Machine, turn: number): Promise<Error | undefined> {
    const { name, generation } = this.request;
    // Only what runs has a memory to keep.
    const isLost = this.then === 'suspend' && stateOf(machine) !== 'running';
    const then = isLost ? 'stop' : this.then;
    const asking = [name, generation, then, machine.id, turn];
    let done: Done;
    try {
      done =
        then === 'delete'
          ? await this.machines.remove(machine, asking, this.context)
          : await this.machines.tell(machine, then, asking, this.context);
    } catch (error) {
      if (isMissing(error) || (error instanceof Refusal && isBusy(error))) return error as Error;
      return this.without(error);
    }
    const { failure, isOld } = done;
    if (failure === undefined || isOld || isBusy(failure)) return failure;
    return this.without(failure);
  }

  /** Not every machine can be suspended: then it is stopped. */
  private without(error: unknown): Error {
    if (!(error instanceof Refusal) || this.then !== 'suspend') throw error;
    this.then = 'stop';
    return error;
  }
}
