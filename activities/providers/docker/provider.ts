import { setTimeout as sleep } from 'node:timers/promises';
import { type Discovered, definitionOf, settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Instance } from '../../../workflows/messages.js';
import type { InspectResult } from '../../contract.js';
import type { HostServices } from '../../host/services.js';
import type { BootRequest, Change, Found, Provider, ProviderContext, StopOptions } from '../contract.js';
import { type Owned, ownedBy } from './containers.js';
import { CreatedBoot, type Started } from './create.js';
import { stopCreated } from './end.js';
import { engineAt, ifThere, named, statusOf } from './engine.js';
import { followEvents } from './events.js';
import { findGroup, startExisting, stopExisting } from './existing.js';
import { Host } from './host.js';
import { labelled } from './labels.js';
import { logTail } from './log.js';
import { LABELS, readName } from './names.js';
import { endpointOf, type Info, reasonOf } from './state.js';

const DEATH_LOG_BYTES = 4096;
const LOOK_MS = 100;

type Named = Pick<BootRequest, 'name' | 'definition'>;

/**
 * Containers of a Docker engine, created from an image or found. Those that it creates are known by labels, and by a
 * name that holds their generation (names.ts); of those that exist already, the host keeps a record (record.ts).
 */
export class DockerProvider implements Provider {
  readonly hostBound = true;
  private readonly host: Host;

  constructor(services: HostServices) {
    this.host = new Host(services);
  }

  boot(request: BootRequest, context: ProviderContext): Promise<{ instance: Instance; adopted: boolean }> {
    context.signal.throwIfAborted();
    return named('BOOT_FAILED', this.started(request, context), this.host.masker(request.definition));
  }

  inspect(request: BootRequest, instance: Instance): Promise<InspectResult> {
    return named('INTERNAL', this.look(request, instance));
  }

  /** Only what this Reveille made, or what the configuration names: whoever may send signals names any id. */
  adopt(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    return named('INTERNAL', this.takeOver(request, instance, context));
  }

  stop(
    request: BootRequest,
    _instance: Instance | undefined,
    options: StopOptions,
    context: ProviderContext,
  ): Promise<void> {
    const stop = isCreated(request) ? stopCreated : stopExisting;
    return named('STOP_FAILED', stop(this.host, request, options, context));
  }

  async watch(
    request: BootRequest,
    { id }: Instance,
    { signal }: ProviderContext,
  ): Promise<{ reason: string; log?: string } | undefined> {
    const container = this.host.engine(request.definition).getContainer(id);
    while (!signal.aborted) {
      try {
        // Answered by the engine as soon as it has ended.
        await container.wait({ condition: 'not-running', abortSignal: signal });
        return await this.death(request, await ifThere(container.inspect()));
      } catch (error) {
        if (statusOf(error) === 404) return { reason: 'the container was removed' };
        await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
      }
    }
    return undefined;
  }

  async list(): Promise<Found[]> {
    if (!this.host.isUsed) return [];
    const engines = await Promise.all(
      this.host.engines().map((docker) => named('INTERNAL', ownedBy(docker, this.host.owner))),
    );
    const created = engines
      .flat()
      .filter(({ state, isAsleep }) => isAlive(state) && (!isAsleep || state === 'paused'));
    const found = await Promise.all([
      ...created.map((one) => this.foundCreated(one)),
      ...this.host.recorded().map((name) => this.foundExisting(name)),
    ]);
    return found.filter((one) => one !== undefined);
  }

  follow(tell: (change: Change) => void, context: ProviderContext): Promise<void> {
    return followEvents(this.host, tell, context);
  }

  async discover(): Promise<Discovered> {
    const { docker } = this.host.config.discover;
    if (docker === false) return {};
    const engine = docker === true ? undefined : docker;
    return named('INTERNAL', labelled(engineAt(engine), engine));
  }

  async kept(): Promise<string[]> {
    if (!this.host.isUsed) return [];
    const engines = await Promise.all(this.host.engines().map((docker) => ownedBy(docker, this.host.owner)));
    return [...new Set(engines.flat().map(({ resource }) => resource))];
  }

  logTail({ name, definition }: Named, bytes: number): Promise<string> {
    return named('INTERNAL', this.tail({ name, definition }, bytes));
  }

  private async started(request: BootRequest, context: ProviderContext) {
    const start = isCreated(request)
      ? new CreatedBoot(this.host, request, context).run()
      : startExisting(this.host, request, context);
    return this.whenWell(request, await start, context);
  }

  /** Waits for the container's own health check, where it has one. */
  private async whenWell(
    request: BootRequest,
    { id, adopted }: Started,
    { signal, heartbeat }: ProviderContext,
  ) {
    const container = this.host.engine(request.definition).getContainer(id);
    for (;;) {
      const info = await ifThere(container.inspect());
      if (info?.State.Running !== true) {
        const { reason, log } = await this.death(request, info);
        throw new ReveilleError('INSTANCE_DIED', reason, { log });
      }
      const health = info.State.Health?.Status ?? 'none';
      if (health === 'none' || health === 'healthy') {
        return { instance: this.instance(request, info), adopted };
      }
      if (health === 'unhealthy') {
        const said = info.State.Health?.Log?.at(-1)?.Output?.trim() ?? '';
        const { log } = await this.death(request, info);
        throw new ReveilleError('HEALTH_TIMEOUT', `its own health check says unhealthy: ${said}`, { log });
      }
      heartbeat(`its own health check says ${health}`);
      await sleep(LOOK_MS, undefined, { signal });
    }
  }

  private instance({ definition, generation }: BootRequest, info: Info): Instance {
    const { reach, port } = settingsOf(definition, 'docker');
    const label = info.Config.Labels[LABELS.port];
    const given = label === undefined ? undefined : Number(label);
    const endpoint = endpointOf(info, { reach, port, host: definition.endpoint.host, given });
    return this.host.instance(info.Id, endpoint, generation);
  }

  private async look(request: BootRequest, instance: Instance): Promise<InspectResult> {
    const info = await ifThere(this.host.engine(request.definition).getContainer(instance.id).inspect());
    if (info === undefined) return { state: 'gone', reason: 'the container was removed' };
    if (isCreated(request) && readName(info.Name)?.generation !== instance.generation) {
      return { state: 'gone', reason: 'a younger generation has the container' };
    }
    if (info.State.Paused) return { state: 'suspended' };
    if (!info.State.Running) return { state: 'stopped', ...(await this.death(request, info)) };
    return {
      state: 'running',
      instance: this.instance({ ...request, generation: instance.generation }, info),
    };
  }

  private async takeOver(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<InspectResult> {
    const docker = this.host.engine(request.definition);
    const info = await ifThere(docker.getContainer(instance.id).inspect());
    if (info === undefined) return { state: 'gone', reason: 'the container was removed' };
    if (info.State.Paused) return { state: 'suspended' };
    if (!info.State.Running) return { state: 'stopped', ...(await this.death(request, info)) };
    const known = isCreated(request)
      ? info.Config.Labels[LABELS.owner] === this.host.owner &&
        info.Config.Labels[LABELS.resource] === request.name
      : (await findGroup(docker, request))?.front.Id === info.Id;
    if (!known) return { state: 'gone', reason: 'no such container was started here' };
    const { instance: taken } = await this.started(request, context);
    return { state: 'running', instance: taken };
  }

  private async foundCreated(owned: Owned): Promise<Found | undefined> {
    const { resource: name, id, generation, state, params } = owned;
    const definition = definitionOf(this.host.config, name);
    const docker = definition?.docker === undefined ? undefined : this.host.engine(definition);
    const info = docker && (await ifThere(docker.getContainer(id).inspect()));
    const endpoint = { host: definition?.endpoint.host ?? '127.0.0.1', port: owned.port ?? 0 };
    const request = definition && { name, definition, generation, params: params ?? {}, revision: '' };
    return {
      name,
      instance: info && request ? this.instance(request, info) : this.host.instance(id, endpoint, generation),
      state: state === 'paused' ? 'suspended' : 'running',
      ...(params === undefined ? {} : { params }),
    };
  }

  private async foundExisting(name: string): Promise<Found | undefined> {
    const definition = definitionOf(this.host.config, name);
    if (definition?.docker === undefined || definition.docker.image !== undefined) return undefined;
    const record = this.host.record(name);
    const generation = record.newest();
    const group = await findGroup(this.host.engine(definition), { definition });
    if (group?.front.State.Running !== true || generation === 0) return undefined;
    const { Paused: isPaused } = group.front.State;
    if (record.isSealed(generation) && !isPaused) return undefined;
    const instance = this.instance({ name, definition, generation, params: {}, revision: '' }, group.front);
    return { name, instance, state: isPaused ? 'suspended' : 'running' };
  }

  private async death(request: Named, info: Info | undefined): Promise<{ reason: string; log: string }> {
    if (info === undefined) return { reason: 'the container was removed', log: '' };
    const container = this.host.engine(request.definition).getContainer(info.Id);
    const options = {
      bytes: DEATH_LOG_BYTES,
      mask: this.host.masker(request.definition),
      since: info.State.StartedAt,
    };
    return { reason: reasonOf(info), log: await logTail(container, options).catch(() => '') };
  }

  private async tail(request: Named, bytes: number): Promise<string> {
    const docker = this.host.engine(request.definition);
    const mask = this.host.masker(request.definition);
    const created = isCreated(request) ? await ownedBy(docker, this.host.owner, request.name) : [];
    const id =
      created[0]?.id ?? (isCreated(request) ? undefined : (await findGroup(docker, request))?.front.Id);
    return id === undefined ? '' : logTail(docker.getContainer(id), { bytes, mask });
  }
}

const isCreated = ({ definition }: Pick<BootRequest, 'definition'>): boolean =>
  settingsOf(definition, 'docker').image !== undefined;

const isAlive = (state: string): boolean => state === 'running' || state === 'paused';
