import { join } from 'node:path';
import { poolOfMember, settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Instance } from '../../../workflows/messages.js';
import type { InspectResult } from '../../contract.js';
import { isFolderName } from '../../host/atomic.js';
import type { HostServices } from '../../host/services.js';
import { cleanText, lastBytes } from '../../log-text.js';
import { pause } from '../../pause.js';
import type { BootRequest, Found, Provider, ProviderContext, StopOptions } from '../contract.js';
import { Unavailable } from './calls.js';
import { addressOf, bestOf } from './endpoints.js';
import { SpawnRecord } from './record.js';
import { type Listed, type Seen, Service } from './service.js';

const SPAWNED = 'spawned';
/** A spawn that the service did not take is sent again this often. */
const MAX_SPAWNS = 5;
/** Of each resource, and of how many. */
const LOG_CHARS = 20_000;
const MAX_LOGS = 1000;

/**
 * Instances of a service spoken to over REST: looked up first, spawned where there is none, looked up until it is
 * there. The service is the record of what runs, and any worker can go on; what was asked of it stands in the state
 * folder (record.ts), since a service may take the same spawn for two.
 */
export class HttpProvider implements Provider {
  readonly hostBound = false;
  private readonly folder: string;
  private readonly logs = new Map<string, string>();

  constructor(private readonly services: HostServices) {
    this.folder = join(services.stateDir, 'http');
  }

  async boot(
    request: BootRequest,
    context: ProviderContext,
  ): Promise<{ instance: Instance; adopted: boolean }> {
    const { generation, definition } = request;
    const { interval, idempotent } = settingsOf(definition, 'http');
    const [service, record] = [this.service(request), this.record(request.name)];
    record.begin(generation);
    let isAnswered = false;
    for (let sent = 0; ; ) {
      const found = await quietly(service.lookUp(context));
      record.check(generation);
      const isOurs = context.before === SPAWNED || record.isSpawned(generation);
      const isAwaited = found?.ended === undefined && record.isAwaited(generation, definition.boot.timeout);
      const isComing = isOurs || isAwaited;
      if (found?.ended && isOurs) throw died(found.ended);
      const endpoint = found && (await bestOf(found.endpoints));
      if (endpoint) {
        record.noteUp(generation);
        const id = found.id ?? addressOf(endpoint);
        return { instance: { id, endpoint, generation }, adopted: !isComing };
      }
      const again = isOurs && idempotent && !isAnswered;
      if (found && (again || !isComing)) {
        if (sent++ >= MAX_SPAWNS)
          throw new ReveilleError('BOOT_FAILED', `the service did not take ${MAX_SPAWNS} spawns`);
        isAnswered = await this.spawn(request, { again }, context);
      }
      await pause(interval, context.signal);
    }
  }

  async inspect(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    if (this.record(request.name).newest() > instance.generation)
      return { state: 'gone', reason: 'a younger generation has it' };
    return await this.look(request, instance, context);
  }

  async adopt(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    const found = await this.look(request, instance, context);
    if (found.state !== 'running') return found;
    const { generation, name } = request;
    this.record(name).begin(generation);
    this.record(name).noteUp(generation);
    return { state: 'running', instance: { ...found.instance, generation } };
  }

  async stop(
    request: BootRequest,
    instance: Instance | undefined,
    { then }: StopOptions,
    context: ProviderContext,
  ): Promise<void> {
    const { name, generation } = request;
    const call = then === 'delete' ? 'delete' : 'stop';
    const [service, record] = [this.service(request), this.record(name)];
    // Before anything is asked: nothing is spawned for this generation from now on.
    record.seal(generation);
    if (record.newest() > generation || record.hasEnded(generation, call)) return;
    const needsId = service.needsId(call);
    const id = instance?.id ?? (needsId ? await namedNow(service, context) : undefined);
    // Without a name there is nothing that it could mean.
    if (id !== undefined || !needsId) {
      const { goesOn } = await service.end(call, id, context);
      if (goesOn) await this.untilGone(request, id, context);
    }
    record.noteEnded(generation, call);
    if (then === 'delete') this.logs.delete(name);
  }

  /** Its end is told by look-ups: one that failed says nothing. */
  async watch(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<{ reason: string; log?: string } | undefined> {
    const { interval } = settingsOf(request.definition, 'http');
    const { signal } = context;
    while (!signal.aborted) {
      await pause(interval, signal).catch(() => undefined);
      if (signal.aborted) return undefined;
      const found = await this.inspect(request, instance, context).catch(() => undefined);
      if (found === undefined || found.state === 'running') continue;
      const { reason = 'it is gone', log } = found;
      return log === undefined ? { reason } : { reason, log };
    }
    return undefined;
  }

  /** What services with a `list` name, of the resources that the configuration has. */
  async list(context: ProviderContext): Promise<Found[]> {
    const { config, log } = this.services;
    const found: Found[] = [];
    for (const [name, definition] of Object.entries(config.resources)) {
      if (definition.http?.list === undefined) continue;
      const request = { name, definition, params: definition.params ?? {}, generation: 0 };
      // A service that is away keeps nobody from looking at the others.
      const listed = await new Service(request, config, (line) => this.note(name, line))
        .list(context)
        .catch((err: unknown) => void log.warn({ err, resource: name }, 'its service lists nothing'));
      const own = listed?.filter((one) => one.name === name || poolOfMember(config, one.name) === name);
      found.push(...(own ?? []).flatMap((one) => this.foundAs(one)));
    }
    return found;
  }

  async logTail(
    { name, definition }: Pick<BootRequest, 'name' | 'definition'>,
    bytes: number,
  ): Promise<string> {
    const request = { name, definition, params: definition.params ?? {}, generation: 0 };
    const service = new Service(request, this.services.config, () => {});
    const told = await service.log(bytes, new AbortController().signal);
    const calls = cleanText(this.logs.get(name) ?? '');
    return lastBytes(told === undefined ? calls : `${calls}${told}`, bytes);
  }

  /**
   * @param again it may have been sent before, and the service takes both for one.
   * @returns whether the service has said that it took it.
   */
  private async spawn(
    request: BootRequest,
    { again }: { again: boolean },
    context: ProviderContext,
  ): Promise<boolean> {
    const { name, generation } = request;
    const record = this.record(name);
    const turn = record.intend(generation);
    // Another worker of this host sends it at this moment.
    if (turn === undefined && !again) return false;
    // Once more, now that a stop can see that a spawn is on its way.
    record.check(generation);
    // For workers of other hosts: they hear of it within 4 s.
    context.heartbeat(SPAWNED);
    try {
      await this.service(request).spawn(context);
      return true;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      if (error.wasTaken === 'never' && turn !== undefined) {
        record.refuse(generation, turn);
        context.heartbeat('not spawned');
      }
      return false;
    }
  }

  private async look(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<InspectResult> {
    const found = await this.service(request).lookUp(context);
    const { endpoints, ended } = found;
    if (ended) return { state: 'gone', ...ended };
    const isNamed = isThere(found, instance.id);
    const endpoint = endpoints.find((one) => addressOf(one) === addressOf(instance.endpoint)) ?? endpoints[0];
    return isNamed && endpoint
      ? { state: 'running', instance: { ...instance, endpoint } }
      : { state: 'gone', reason: 'the service does not name it' };
  }

  /** What was told to end may be named for a while. */
  private async untilGone(
    request: BootRequest,
    id: string | undefined,
    context: ProviderContext,
  ): Promise<void> {
    const { interval } = settingsOf(request.definition, 'http');
    const [service, record] = [this.service(request), this.record(request.name)];
    for (;;) {
      const found = await quietly(service.lookUp(context));
      if (found?.ended || record.newest() > request.generation) return;
      if (found && !(id === undefined ? found.endpoints.length > 0 : isThere(found, id))) return;
      await pause(interval, context.signal);
    }
  }

  private foundAs({ name, id, endpoints: [endpoint] }: Listed): Found[] {
    if (endpoint === undefined || !isFolderName(name)) return [];
    const generation = this.record(name).newest();
    return [{ name, state: 'running', instance: { id: id ?? addressOf(endpoint), endpoint, generation } }];
  }

  private service(request: BootRequest): Service {
    return new Service(request, this.services.config, (line) => this.note(request.name, line));
  }

  /** @throws ReveilleError RESOURCE_UNKNOWN where the name cannot be a folder's. */
  private record(name: string): SpawnRecord {
    if (!isFolderName(name)) throw new ReveilleError('RESOURCE_UNKNOWN');
    return new SpawnRecord(join(this.folder, name));
  }

  private note(name: string, line: string): void {
    const text = `${this.logs.get(name) ?? ''}${new Date().toISOString()} ${line}\n`;
    this.logs.delete(name);
    this.logs.set(name, text.slice(-LOG_CHARS));
    const [oldest] = this.logs.keys();
    if (this.logs.size > MAX_LOGS && oldest !== undefined) this.logs.delete(oldest);
  }
}

/** Within a boot, what may work later is tried again. */
async function quietly<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Unavailable) return undefined;
    throw error;
  }
}

/** What runs, where nobody knows what was booted. Where that cannot be asked, the stop itself will tell. */
async function namedNow(service: Service, context: ProviderContext): Promise<string | undefined> {
  const { id, endpoints = [] } = (await quietly(service.lookUp(context))) ?? {};
  const [first] = endpoints;
  return id ?? (first && addressOf(first));
}

const isThere = ({ id, endpoints }: Seen, wanted: string): boolean =>
  endpoints.length > 0 &&
  (id === undefined ? endpoints.some((one) => addressOf(one) === wanted) : id === wanted);

const died = ({ reason, log }: NonNullable<Seen['ended']>): ReveilleError =>
  new ReveilleError('INSTANCE_DIED', reason, { log });
