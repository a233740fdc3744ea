import type Docker from 'dockerode';
import { settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import { inspectAs, type Owned, ownedBy } from './containers.js';
import { tried } from './engine.js';
import type { Host } from './host.js';
import { ensureImage } from './image.js';
import { asleep, nameOf } from './names.js';
import type { Record } from './record.js';
import { isAsWanted, specOf } from './spec.js';
import type { Info } from './state.js';

/** Each turn somebody else decided something: nobody decides this often. */
const MAX_TURNS = 100;

export interface Started {
  readonly id: string;
  /** It ran before, and nobody had begun to stop it. */
  readonly adopted: boolean;
}

/**
 * One boot of one generation of a container that Reveille creates. Any number of workers may do the same at once,
 * pause and die anywhere: each step is asked of the engine under a name that says whose decision it is (names.ts).
 */
export class CreatedBoot {
  private readonly docker: Docker;
  private readonly record: Record;
  private readonly name: string;

  constructor(
    private readonly host: Host,
    private readonly request: BootRequest,
    private readonly context: ProviderContext,
  ) {
    this.docker = host.engine(request.definition);
    this.record = host.record(request.name);
    this.name = nameOf(host.owner, request.name, request.generation);
  }

  async run(): Promise<Started> {
    const { generation, name } = this.request;
    this.record.begin(generation);
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      this.context.signal.throwIfAborted();
      const [newest, ...others] = await ownedBy(this.docker, this.host.owner, name);
      if (newest !== undefined && newest.generation > generation) {
        const { generation: younger } = newest;
        throw new ReveilleError('STALE_GENERATION', `generation ${younger} exists`, { younger });
      }
      if (newest?.generation === generation) {
        if (newest.isAsleep)
          throw new ReveilleError('STALE_GENERATION', `generation ${generation} was stopped`);
        const started = await this.start();
        await this.removeLeftovers(others);
        return started;
      }
      if (newest === undefined) await this.create(undefined);
      else await this.takeOverOrRemove(newest);
    }
    throw new ReveilleError('BOOT_FAILED', 'others went on renaming its container');
  }

  /** What an older generation left becomes this one's, or goes away where it is not what is wanted today. */
  private async takeOverOrRemove(older: Owned): Promise<void> {
    const info = await inspectAs(this.docker, older.name);
    if (info === undefined) return;
    const { Running: isRunning, Paused: isPaused } = info.State;
    if (isRunning && !isPaused) {
      if (older.isAsleep) await this.finishStop(older);
      else if (await this.rename(older.name)) this.handOver(older);
      return;
    }
    const wanted = isAsWanted(info, this.request, this.host.config);
    if (wanted && isPaused) {
      if (await this.rename(older.name)) this.handOver(older);
      return;
    }
    if (!isPaused && wanted && (await this.hasItsPort(older))) {
      await this.rename(older.name);
      return;
    }
    // Removed under the name that it was looked at by: as another's, it is not touched.
    await tried(this.docker.getContainer(older.name).remove({ force: true, v: true }), 404, 409);
    this.release(older);
    await this.create(older.port);
  }

  private handOver({ port, resource }: Owned): void {
    if (port !== undefined) this.host.ports.handOver(port, resource, this.request.generation);
  }

  /** Its stop was cut off: what began to end may not go on. */
  private async finishStop({ name }: Owned): Promise<void> {
    const t = Math.ceil(settingsOf(this.request.definition, 'docker').grace / 1000);
    await tried(this.docker.getContainer(name).stop({ t, abortSignal: this.context.signal }), 304, 404);
  }

  private release({ port, resource, generation }: Owned): void {
    if (port !== undefined) this.host.ports.release(port, resource, generation);
  }

  private async hasItsPort({ port }: Owned): Promise<boolean> {
    const taken = await this.host.takePort(this.request, port, this.context.signal);
    if (taken !== port) this.giveBack(taken);
    return taken === port;
  }

  private giveBack(port: number | undefined): void {
    const { name, generation } = this.request;
    if (port !== undefined) this.host.ports.giveBack(port, name, generation);
  }

  /** What paused workers have created too late, and never started. */
  private async removeLeftovers(others: readonly Owned[]): Promise<void> {
    for (const one of others.filter(({ state }) => state === 'created')) {
      // 409: it is started or removed at this moment, by somebody whose it is.
      if (await tried(this.docker.getContainer(one.name).remove(), 404, 409)) this.release(one);
    }
  }

  private rename(from: string): Promise<boolean> {
    return tried(this.docker.getContainer(from).rename({ name: this.name }), 400, 404, 409);
  }

  private async create(lastPort: number | undefined): Promise<void> {
    const { host, request, context } = this;
    const settings = settingsOf(request.definition, 'docker');
    await ensureImage(this.docker, settings, host.config.folder, context);
    const hostPort = await host.takePort(request, lastPort, context.signal);
    let isMade = false;
    try {
      const spec = specOf(request, { owner: host.owner, hostPort }, host.config);
      context.heartbeat('creating the container');
      // 409: another worker has created it, with a port that may be another.
      isMade = await tried(this.docker.createContainer({ name: this.name, ...spec }), 409);
    } finally {
      if (!isMade && (await this.portInUse()) !== hostPort) this.giveBack(hostPort);
    }
  }

  private async portInUse(): Promise<number | undefined> {
    const all = await ownedBy(this.docker, this.host.owner, this.request.name).catch(() => []);
    return all.find(({ generation }) => generation === this.request.generation)?.port;
  }

  /** Starts what has this generation's name, once: what has ended since is not started again. */
  private async start(): Promise<Started> {
    const container = this.docker.getContainer(this.name);
    const before = await this.present();
    const { Running: isRunning, Paused: isPaused } = before.State;
    const isSame = this.record.noteStart(this.request.generation, before);
    const isFresh = !isRunning && isSame;
    if (isFresh || isPaused) {
      await this.unlessStopped();
      this.context.heartbeat('starting the container');
      if (isPaused) await tried(container.unpause(), 404, 409, 500);
      else await tried(container.start({ abortSignal: this.context.signal }), 304);
    }
    return { id: before.Id, adopted: isRunning && isSame && !isPaused };
  }

  /** Between the container's being there and its start: whoever seals later finds it, and ends it. */
  private async unlessStopped(): Promise<void> {
    try {
      this.record.check(this.request.generation);
    } catch (error) {
      await tried(this.docker.getContainer(this.name).rename({ name: asleep(this.name) }), 400, 404, 409);
      throw error;
    }
  }

  private async present(): Promise<Info> {
    const info = await inspectAs(this.docker, this.name);
    if (info === undefined) {
      throw new ReveilleError('STALE_GENERATION', `generation ${this.request.generation} was stopped`);
    }
    return info;
  }
}
