import { connect } from 'node:net';
import { settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint, Instance, StopMode } from '../../../workflows/messages.js';
import type { InspectResult } from '../../contract.js';
import type { HostServices } from '../../host/services.js';
import { cleanText, lastBytes } from '../../log-text.js';
import { pause } from '../../pause.js';
import type { BootRequest, Found, Provider, ProviderContext } from '../contract.js';
import { Service, Unavailable } from './service.js';

const SPAWNED = 'spawned';
/** A spawn of which nothing is known but that it was not answered is sent again this often. */
const MAX_SPAWNS = 5;
const CONNECT_MS = 1000;
/** Of each resource, and of how many. */
const LOG_CHARS = 20_000;
const MAX_LOGS = 1000;

/**
 * Instances of a service spoken to over REST: looked up first, spawned where there is none, looked up until it is
 * there. The service is the record of what runs: nothing is kept here, and any worker can go on.
 */
export class HttpProvider implements Provider {
  readonly hostBound = false;
  private readonly logs = new Map<string, string>();

  constructor(private readonly services: HostServices) {}

  async boot(
    request: BootRequest,
    context: ProviderContext,
  ): Promise<{ instance: Instance; adopted: boolean }> {
    const service = this.service(request);
    const { interval } = settingsOf(request.definition, 'http');
    let isSpawned = context.before === SPAWNED;
    let isOurs = isSpawned;
    for (let spawns = 0; ; ) {
      const found = await quietly(service.lookUp(context));
      const endpoint = found && (await bestOf(found));
      if (endpoint) return { instance: instanceOf(endpoint, request), adopted: !isOurs };
      if (found && !isSpawned) {
        // Before it: a worker that is lost meanwhile must not spawn another one, and a look-up tells which it is.
        context.heartbeat(SPAWNED);
        isOurs = true;
        isSpawned = await sent(service.spawn(context));
        if (!isSpawned) context.heartbeat('not spawned');
        if (!isSpawned && ++spawns >= MAX_SPAWNS)
          throw new ReveilleError('BOOT_FAILED', `the service did not take ${MAX_SPAWNS} spawns`);
      }
      await pause(interval, context.signal);
    }
  }

  async inspect(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    const found = await this.service(request).lookUp(context);
    const isThere = found.some((one) => idOf(one) === instance.id);
    return isThere
      ? { state: 'running', instance }
      : { state: 'gone', reason: 'the service does not name it' };
  }

  async adopt(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    const found = await this.inspect(request, instance, context);
    return found.state === 'running'
      ? { state: 'running', instance: { ...instance, generation: request.generation } }
      : found;
  }

  async stop(
    request: BootRequest,
    _instance: Instance | undefined,
    { then }: { then: StopMode; force: boolean },
    context: ProviderContext,
  ): Promise<void> {
    await this.service(request).end(then === 'delete' ? 'delete' : 'stop', context);
    if (then === 'delete') this.logs.delete(request.name);
  }

  /** Its end is told by look-ups: one that failed, or that does not name it yet, says nothing. */
  async watch(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<{ reason: string } | undefined> {
    const { interval } = settingsOf(request.definition, 'http');
    const { signal } = context;
    while (!signal.aborted) {
      await pause(interval, signal).catch(() => undefined);
      if (signal.aborted) return undefined;
      const found = await this.inspect(request, instance, context).catch(() => undefined);
      if (found?.state === 'gone') return { reason: found.reason ?? 'it is gone' };
    }
    return undefined;
  }

  /** The service knows what runs and not what it is called here: the next boot looks it up. */
  async list(): Promise<Found[]> {
    return [];
  }

  async logTail({ name }: Pick<BootRequest, 'name' | 'definition'>, bytes: number): Promise<string> {
    return lastBytes(cleanText(this.logs.get(name) ?? ''), bytes);
  }

  private service(request: BootRequest): Service {
    return new Service(request, this.services.config, (line) => this.note(request.name, line));
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

const sent = async (spawn: Promise<void>): Promise<boolean> =>
  (await quietly(spawn.then(() => true))) ?? false;

/** The first that takes a connection; where none does yet, the first. */
async function bestOf(endpoints: readonly Endpoint[]): Promise<Endpoint | undefined> {
  if (endpoints.length < 2) return endpoints[0];
  for (const one of endpoints) if (await accepts(one)) return one;
  return endpoints[0];
}

function accepts({ host, port }: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}

const idOf = ({ host, port }: Endpoint): string => `${host}:${port}`;
const instanceOf = (endpoint: Endpoint, { generation }: BootRequest): Instance => ({
  id: idOf(endpoint),
  endpoint,
  generation,
});
