import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootRequest, Provider, ProviderContext } from '../../activities/providers/contract.js';
import { DockerProvider } from '../../activities/providers/docker/provider.js';
import { type Config, configSchema, revisionOf } from '../../config/index.js';
import type { Instance, StopMode } from '../../workflows/messages.js';
import type { DockerEngine } from './docker-engine.js';
import { silentLog } from './silent-log.js';

/** The image that tests run: busybox, whose shell is the command. */
export const BUSYBOX = 'busybox:test';

/** A worker's provider without a workflow, on an engine of the test's. */
export class DockerHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'reveille-docker-host-'));
  readonly config: Config;
  readonly provider: Provider;
  /** What was told of how far it is. */
  readonly progress: string[] = [];
  private readonly services;

  /** @param top other keys of reveille.yaml. @param resources settings of `docker` by the resource's name; other keys of the resource as `rest`. */
  constructor(
    readonly engine: DockerEngine,
    resources: Record<string, { rest?: object } & Record<string, unknown>>,
    top: object = {},
  ) {
    const whole = Object.entries(resources).map(([name, { rest, ...docker }]) => {
      const settings = { engine: engine.address, pull: 'never', grace: '1s', ...docker };
      return [name, { provider: 'docker', docker: settings, health: 'none', ...rest }];
    });
    const parsed = configSchema.parse({ ...top, resources: Object.fromEntries(whole) });
    this.config = { ...parsed, file: undefined, folder: this.folder };
    this.services = {
      config: this.config,
      stateDir: join(this.folder, 'state'),
      host: 'test-host',
      log: silentLog,
    };
    this.provider = new DockerProvider(this.services);
  }

  /** From now on the worker has another definition of that resource. @param docker settings that differ. */
  change(name: string, docker: object): void {
    const definition = this.definition(name);
    if (definition.docker === undefined) throw new Error(`${name} has no docker`);
    const changed = { ...definition, docker: { ...definition.docker, ...docker } };
    this.services.config = {
      ...this.services.config,
      resources: { ...this.services.config.resources, [name]: changed },
    };
  }

  boot(name: string, generation: number): ReturnType<Provider['boot']> {
    return this.provider.boot(this.request(name, generation), this.context());
  }

  stop(
    name: string,
    generation: number,
    then: StopMode = 'stop',
    force = false,
    unfinished = false,
  ): Promise<void> {
    const options = { then, force, unfinished };
    return this.provider.stop(this.request(name, generation), undefined, options, this.context());
  }

  inspect(name: string, instance: Instance) {
    return this.provider.inspect(this.request(name, instance.generation), instance, this.context());
  }

  watch(name: string, instance: Instance) {
    return this.provider.watch(this.request(name, instance.generation), instance, this.context());
  }

  log(name: string): Promise<string> {
    return this.provider.logTail({ name, definition: this.definition(name) }, 4000);
  }

  async listed(): Promise<string[]> {
    return (await this.provider.list(this.context())).map(({ name, state }) => `${name} ${state}`).sort();
  }

  container({ id }: Instance) {
    return this.engine.docker.getContainer(id);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private request(name: string, generation: number): BootRequest {
    const definition = this.definition(name);
    return { name, generation, params: {}, definition, revision: revisionOf(definition) };
  }

  private definition(name: string): BootRequest['definition'] {
    const found = this.services.config.resources[name];
    if (found === undefined) throw new Error(`no resource ${name}`);
    return found;
  }

  private context(): ProviderContext {
    const heartbeat = (progress?: string) => {
      if (progress !== undefined) this.progress.push(progress);
    };
    return { signal: new AbortController().signal, heartbeat };
  }
}
