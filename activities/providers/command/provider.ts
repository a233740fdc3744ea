import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMasker, definitionOf, secretsOf, settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint, Instance, StopMode } from '../../../workflows/messages.js';
import type { InspectResult } from '../../contract.js';
import { isFolderName } from '../../host/atomic.js';
import type { HostServices } from '../../host/services.js';
import { pause } from '../../pause.js';
import type { BootRequest, Connection, Found, Provider, ProviderContext } from '../contract.js';
import { runCheck } from './check.js';
import { CommandHome, type CommandRecord } from './home.js';
import { type LockedStep, runLocked } from './locked.js';
import { parseEndpoint, prepareStep, type Told } from './steps.js';

const LOG_BYTES = 4096;
const NEVER_MS = 2 ** 31 - 1;
const DEFAULT_LOG_BYTES = 1_000_000;

/**
 * Anything that commands start, stop and look after. What they start may be anywhere, so its identity is that of the
 * start: which generation's it was. Who may run which command, the lock and the files of CommandHome decide.
 */
export class CommandProvider implements Provider {
  readonly hostBound = true;
  private readonly folder: string;

  constructor(private readonly services: HostServices) {
    this.folder = join(services.stateDir, 'command');
  }

  async boot(
    request: BootRequest,
    context: ProviderContext,
  ): Promise<{ instance: Instance; adopted: boolean }> {
    const home = this.home(request.name);
    if (home.isEnding(request.generation)) throw stale(request);
    home.prepare();
    const own = home.read(request.generation);
    const record = own ?? (await this.start(home, request, context));
    if (home.isEnding(request.generation)) throw stale(request);
    home.prune();
    return { instance: this.instance(record), adopted: record.adopted };
  }

  async inspect(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    const home = this.home(request.name);
    if (home.running()?.id !== instance.id) return { state: 'gone', reason: 'it has been stopped' };
    const reason = await this.check(home, request, instance.endpoint, context);
    return reason === undefined
      ? { state: 'running', instance }
      : { state: 'gone', reason, log: await this.logTail(request, LOG_BYTES) };
  }

  async adopt(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    const home = this.home(request.name);
    const found = await this.inspect(request, instance, context);
    if (found.state !== 'running') return found;
    const record = await this.takeOver(home, request, instance, context);
    return { state: 'running', instance: this.instance(record) };
  }

  async stop(
    request: BootRequest,
    instance: Instance | undefined,
    { then }: { then: StopMode; force: boolean },
    context: ProviderContext,
  ): Promise<void> {
    const { generation } = request;
    const home = this.home(request.name);
    home.prepare();
    const endpoint = instance?.endpoint ?? home.running()?.endpoint;
    const step = await prepareStep(request, 'stop', { endpoint }, this.services.config);
    const result = await this.run(
      home,
      { step: 'stop', generation, key: `${generation}.stop` },
      step,
      context,
    );
    if (result.state === 'done' && result.exitCode !== 0) {
      const log = await this.logTail(request, LOG_BYTES);
      throw new ReveilleError('STOP_FAILED', `the command for stop ended with exit code ${result.exitCode}`, {
        log,
      });
    }
    if (then === 'delete' && result.state === 'done') home.clear();
  }

  /** Nobody is told of the end of what a command started: check finds it out, where it is asked while it boots. */
  async watch(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<{ reason: string; log?: string } | undefined> {
    const { watch = NEVER_MS } = settingsOf(request.definition, 'command');
    const { signal } = context;
    const home = this.home(request.name);
    while (!signal.aborted) {
      await pause(watch, signal).catch(() => undefined);
      if (signal.aborted) return undefined;
      const asked = watch === NEVER_MS ? undefined : this.check(home, request, instance.endpoint, context);
      const reason = await asked?.catch(() => undefined);
      if (reason !== undefined)
        return { reason, log: await this.logTail(request, LOG_BYTES).catch(() => '') };
    }
    return undefined;
  }

  async connect(
    request: BootRequest,
    _instance: Instance,
    { key: asked, client }: Connection,
    context: ProviderContext,
  ): Promise<Endpoint> {
    // Who may send signals may not have start run for a resource that has one endpoint.
    if (!settingsOf(request.definition, 'command').perConnection)
      throw new ReveilleError('CONFIG_INVALID', `${request.name} has no endpoints of connections' own`);
    // Whoever may send signals chooses it, and it becomes a file's name.
    const key = `${request.generation}.connect-${createHash('sha256').update(asked).digest('hex').slice(0, 32)}`;
    const home = this.home(request.name);
    const endpoint = await this.endpointOf(
      home,
      request,
      { step: 'connect', key, told: { client } },
      context,
    );
    home.prune();
    return endpoint;
  }

  async list(context: ProviderContext): Promise<Found[]> {
    const found: Found[] = [];
    for (const name of this.names()) {
      const record = this.home(name).running();
      if (record === undefined || !(await this.answersCheck(name, record, context))) continue;
      const { params } = record;
      found.push({ name, instance: this.instance(record), state: 'running', ...(params ? { params } : {}) });
    }
    return found;
  }

  async kept(): Promise<string[]> {
    return this.names().filter((name) => this.home(name).isKept);
  }

  logTail({ name, definition }: Pick<BootRequest, 'name' | 'definition'>, bytes: number): Promise<string> {
    const secrets = secretsOf(definition, { env: process.env, folder: this.services.config.folder });
    return this.home(name).log.tail(bytes, createMasker(secrets));
  }

  /** Keeps what commands print within bounds. */
  async maintain(): Promise<void> {
    for (const name of this.names()) {
      const limit = definitionOf(this.services.config, name)?.command?.logSize ?? DEFAULT_LOG_BYTES;
      await this.home(name)
        .bound(limit)
        .catch((err) =>
          this.services.log.warn({ err, resource: name }, 'the log could not be kept within its bound'),
        );
    }
  }

  private async start(
    home: CommandHome,
    request: BootRequest,
    context: ProviderContext,
  ): Promise<CommandRecord> {
    const { perConnection, check } = settingsOf(request.definition, 'command');
    const older = home.running();
    const ran =
      older !== undefined && older.generation < request.generation ? this.instance(older) : undefined;
    if (perConnection) return await this.takeOver(home, request, ran, context);
    const fixed = fixedEndpoint(request);
    const known = fixed ?? ran?.endpoint;
    if (check !== undefined && known !== undefined) {
      const reason = await this.check(home, request, known, context);
      if (reason === undefined) return await this.takeOver(home, request, ran, context, known);
    }
    const told = { endpoint: fixed };
    const key = `${request.generation}.start`;
    const endpoint = await this.endpointOf(home, request, { step: 'start', key, told }, context);
    // Without a check nobody knows whether what an older generation started still runs, and somebody uses it.
    const adopted = ran !== undefined && check === undefined;
    return home.record(this.made(request, endpoint, { adopted }));
  }

  /** Makes what runs this generation's; of a resource with an endpoint for each connection, what will run. */
  private async takeOver(
    home: CommandHome,
    request: BootRequest,
    ran: Instance | undefined,
    context: ProviderContext,
    endpoint: Endpoint = ran?.endpoint ?? { host: request.definition.endpoint.host, port: 0 },
  ): Promise<CommandRecord> {
    const { generation } = request;
    const { perConnection } = settingsOf(request.definition, 'command');
    const key = `${generation}.adopt`;
    const result = await this.run(home, { step: 'adopt', generation, key }, undefined, context);
    if (result.state === 'stale') throw stale(request, result.younger);
    const adopted = ran !== undefined || !perConnection;
    return home.record(
      this.made(request, endpoint, { adopted, ...(ran === undefined ? {} : { id: ran.id }) }),
    );
  }

  /** Runs start for a wake or a connection. @returns where it says that the instance answers. */
  private async endpointOf(
    home: CommandHome,
    request: BootRequest,
    { step, key, told }: { step: 'start' | 'connect'; key: string; told: Told },
    context: ProviderContext,
  ): Promise<Endpoint> {
    const { generation } = request;
    const prepared = await prepareStep(request, 'start', told, this.services.config);
    const result = await this.run(home, { step, generation, key }, prepared, context);
    if (result.state === 'stale') throw stale(request, result.younger);
    if (result.exitCode !== 0) throw await this.failed(request, `ended with exit code ${result.exitCode}`);
    const line = home.firstLine(key);
    const endpoint = fixedEndpoint(request) ?? parseEndpoint(line);
    if (endpoint !== undefined) return endpoint;
    const printed = line === '' ? 'nothing' : JSON.stringify(line.slice(0, 100));
    throw await this.failed(request, `printed ${printed} and not IP PORT as its first line`);
  }

  private async failed(request: BootRequest, what: string): Promise<ReveilleError> {
    const log = await this.logTail(request, LOG_BYTES);
    return new ReveilleError('BOOT_FAILED', `the command for start ${what}`, { log });
  }

  private run(
    home: CommandHome,
    step: Pick<LockedStep, 'step' | 'generation' | 'key'>,
    prepared: Pick<LockedStep, 'command' | 'timeoutMs'> | undefined,
    context: ProviderContext,
  ) {
    return runLocked(home, { ...step, command: prepared?.command, timeoutMs: prepared?.timeoutMs }, context);
  }

  /** @returns why it does not run; undefined where it does, or nothing can tell. */
  private async check(
    home: CommandHome,
    request: BootRequest,
    endpoint: Endpoint,
    context: ProviderContext,
  ): Promise<string | undefined> {
    const step = await prepareStep(request, 'check', { endpoint }, this.services.config);
    return step === undefined ? undefined : await runCheck(home, request.generation, step, context);
  }

  /** What cannot be looked at counts as running: it is not given up for a check that lacks its program. */
  private async answersCheck(
    name: string,
    record: CommandRecord,
    context: ProviderContext,
  ): Promise<boolean> {
    const definition = definitionOf(this.services.config, name);
    if (definition?.provider !== 'command') return true;
    const { generation, revision, params = {}, endpoint } = record;
    const request = { name, generation, revision, params, definition };
    return (
      (await this.check(this.home(name), request, endpoint, context).catch(() => undefined)) === undefined
    );
  }

  private made(
    { name, generation, revision, params }: BootRequest,
    endpoint: Endpoint,
    { adopted, id = `${name}@${generation}` }: { adopted: boolean; id?: string },
  ): CommandRecord {
    const known = Object.keys(params).length === 0 ? {} : { params };
    return { generation, id, endpoint, revision, adopted, ...known };
  }

  private instance({ id, endpoint, generation }: CommandRecord): Instance {
    return { id, endpoint, generation, host: this.services.host };
  }

  private home(name: string): CommandHome {
    return new CommandHome(name, join(this.folder, name));
  }

  private names(): string[] {
    try {
      return readdirSync(this.folder).filter(isFolderName);
    } catch {
      return [];
    }
  }
}

function fixedEndpoint({ definition: { endpoint } }: BootRequest): Endpoint | undefined {
  return endpoint.port === 'auto' ? undefined : { host: endpoint.host, port: endpoint.port };
}

function stale({ generation }: BootRequest, younger?: number): ReveilleError {
  const message = `generation ${generation} was stopped, or a younger one has begun`;
  return new ReveilleError('STALE_GENERATION', message, younger === undefined ? {} : { younger });
}
