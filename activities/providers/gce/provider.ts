import { definitionOf, settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Instance, StopMode } from '../../../workflows/messages.js';
import type { InspectResult } from '../../contract.js';
import type { HostServices } from '../../host/services.js';
import { cleanText, lastBytes } from '../../log-text.js';
import { pause } from '../../pause.js';
import type { BootRequest, Change, Found, Provider, ProviderContext } from '../contract.js';
import { jittered } from './api.js';
import { Boot, Died, type Started } from './boot.js';
import { Cloud, type Estate } from './cloud.js';
import { stopMachines } from './end.js';
import { isBusy, isMissing, named, Refusal } from './failures.js';
import { followMachines } from './follow.js';
import { LABELS, labelsFor, marksOf, paramsOf } from './labels.js';
import type { Machine } from './resources.js';
import { addressOf, endpointOf, identityOf, readIdentity, reasonOf, stateOf } from './state.js';

const DEATH_LOG_BYTES = 4096;
/** Of serial output, for whatever is cut off it: a secret that is cut in two is not masked. */
const SERIAL_BYTES = 64 * 1024;
const WATCH_MS = 1000;

type Named = Pick<BootRequest, 'name' | 'definition'>;

/**
 * Virtual machines of Google Compute Engine, created or found by name. The cloud is the record of what runs: labels say
 * whose a machine is and which generation has it (labels.ts), so any worker of any host can go on.
 */
export class GceProvider implements Provider {
  readonly hostBound = false;
  private readonly cloud: Cloud;

  constructor(services: HostServices) {
    this.cloud = new Cloud(services);
  }

  boot(request: BootRequest, context: ProviderContext): Promise<{ instance: Instance; adopted: boolean }> {
    const mask = this.cloud.masker(request.definition);
    return named('BOOT_FAILED', this.started(request, context), mask);
  }

  inspect(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    return named('INTERNAL', this.look(request, instance, context));
  }

  /** Only what the configuration names, or what Reveille made for it: whoever may send signals names any id. */
  adopt(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    return named('INTERNAL', this.takeOver(request, instance, context));
  }

  stop(
    request: BootRequest,
    _instance: Instance | undefined,
    { then }: { then: StopMode; force: boolean },
    context: ProviderContext,
  ): Promise<void> {
    return named('STOP_FAILED', stopMachines(this.cloud, request, then, context));
  }

  async watch(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<{ reason: string; log?: string } | undefined> {
    const { signal } = context;
    while (!signal.aborted) {
      const found = await this.look(request, instance, context).catch(() => undefined);
      if (found !== undefined && found.state !== 'running') {
        const { reason = 'the machine has ended', log } = found;
        return { reason, ...(log === undefined ? {} : { log }) };
      }
      await pause(jittered(WATCH_MS), signal).catch(() => {});
    }
    return undefined;
  }

  async list(context: ProviderContext): Promise<Found[]> {
    const all = await named('INTERNAL', this.ours(context.signal));
    return all.flatMap((machine) => this.found(machine) ?? []);
  }

  follow(tell: (change: Change) => void, context: ProviderContext): Promise<void> {
    return followMachines(this.cloud, tell, context);
  }

  async kept(context: ProviderContext): Promise<string[]> {
    const all = await named('INTERNAL', this.ours(context.signal));
    return all.flatMap((machine) => {
      const { isMade, resource } = marksOf(machine);
      return isMade && resource !== undefined ? [resource] : [];
    });
  }

  async logTail(request: Named, bytes: number): Promise<string> {
    const signal = AbortSignal.timeout(settingsOf(request.definition, 'gce').patience);
    const context = { signal, heartbeat: () => {} };
    const { own } = await named('INTERNAL', this.cloud.find(request, context));
    return own[0] === undefined ? '' : named('INTERNAL', this.serial(own[0], request, bytes, signal));
  }

  private async started(request: BootRequest, context: ProviderContext) {
    const { machine, adopted } = await this.awake(request, context);
    return { instance: instanceOf(machine, request), adopted };
  }

  private async awake(request: BootRequest, context: ProviderContext): Promise<Started> {
    try {
      return await new Boot(this.cloud, request, context).run();
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      const { reason, log } = await this.death(error.machine, request, context.signal);
      throw new ReveilleError('INSTANCE_DIED', reason, { log });
    }
  }

  private async look(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<InspectResult> {
    const machine = await this.machineOf(request, instance, context);
    if (machine === undefined) return { state: 'gone', reason: 'the machine was deleted' };
    if (marksOf(machine).generation !== instance.generation) {
      return { state: 'gone', reason: 'another generation has the machine' };
    }
    const state = stateOf(machine);
    if (state === 'running') {
      return { state, instance: instanceOf(machine, { ...request, generation: instance.generation }) };
    }
    if (state === 'suspended' || state === 'suspending') return { state: 'suspended' };
    return { state: 'stopped', ...(await this.death(machine, request, context.signal)) };
  }

  private async takeOver(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<InspectResult> {
    const machine = await this.machineOf(request, instance, context);
    if (machine === undefined) return { state: 'gone', reason: 'the machine was deleted' };
    if (!this.cloud.mayUse(machine, request))
      return { state: 'gone', reason: 'the machine is not of this resource' };
    const { generation } = request;
    const { generation: last } = marksOf(machine);
    if (last > generation) return { state: 'gone', reason: 'a younger generation has the machine' };
    if (stateOf(machine) === 'running' && last < generation) {
      const labels = labelsFor(request, this.cloud.owner, 'running');
      try {
        await this.cloud.machines(request.definition).label(machine, labels, context);
      } catch (error) {
        const isLate = error instanceof Refusal && (isBusy(error) || isMissing(error));
        if (!isLate) throw error;
        // Somebody else was first: asked again, it is seen who.
        throw new ReveilleError('INTERNAL', 'the machine changed while it was taken over');
      }
    }
    return this.look(request, { ...instance, generation }, context);
  }

  private async machineOf(
    { definition }: BootRequest,
    { id }: Instance,
    context: ProviderContext,
  ): Promise<Machine | undefined> {
    const place = readIdentity(id);
    return place && (await this.cloud.machines(definition).get(place.zone, place.id, context));
  }

  private async ours(signal: AbortSignal): Promise<Machine[]> {
    const listed = ({ machines }: Estate) => machines.labelled(LABELS.owner, this.cloud.owner, signal);
    const all = (await Promise.all(this.cloud.estates().map(listed))).flat();
    return [...new Map(all.map((machine) => [machine.id, machine])).values()];
  }

  private found(machine: Machine): Found | undefined {
    const state = stateOf(machine);
    const { resource: name, generation } = marksOf(machine);
    if (name === undefined || (state !== 'running' && state !== 'suspended')) return undefined;
    const settings = definitionOf(this.cloud.config, name)?.gce;
    // What left the configuration is reported: nobody asks where it is reached.
    const endpoint = (settings && addressOf(machine, settings)) ?? { host: '0.0.0.0', port: 0 };
    const params = paramsOf(machine);
    const instance = { id: identityOf(machine), endpoint, generation };
    return { name, state, instance, ...(params === undefined ? {} : { params }) };
  }

  private async death(machine: Machine, request: Named, signal: AbortSignal) {
    const reason = await reasonOf(machine, this.cloud.machines(request.definition), signal);
    const log = await this.serial(machine, request, DEATH_LOG_BYTES, signal).catch(() => '');
    return { reason, log };
  }

  private async serial(
    machine: Machine,
    { definition }: Named,
    bytes: number,
    signal: AbortSignal,
  ): Promise<string> {
    const machines = this.cloud.machines(definition);
    const said = await machines.serialTail(machine, Math.max(bytes, SERIAL_BYTES), signal);
    return lastBytes(cleanText(this.cloud.masker(definition)(said)), bytes);
  }
}

const instanceOf = (
  machine: Machine,
  { definition, generation }: Pick<BootRequest, 'definition' | 'generation'>,
): Instance => ({
  id: identityOf(machine),
  endpoint: endpointOf(machine, settingsOf(definition, 'gce')),
  generation,
});
