import { createServer, type Server } from 'node:http';
import type {
  BootRequest,
  Connection,
  Found,
  Provider,
  ProviderContext,
} from '../../activities/providers/contract.js';
import { ReveilleError } from '../../errors/index.js';
import type { Instance } from '../../workflows/messages.js';

interface Running {
  name: string;
  instance: Instance;
  server: Server;
  suspended: boolean;
  params: Record<string, string>;
}

/**
 * A provider whose instances are HTTP servers of the test's own process, and whose steps the test can delay and
 * fail. For tests of the workflow and of the gate; providers have tests of their own with real engines.
 */
export class FakeProvider implements Provider {
  readonly hostBound = true;
  readonly boots: number[] = [];
  readonly bootsOf: string[] = [];
  /** `at`: when it began. */
  readonly stops: { name: string; generation: number; then: string; at: number }[] = [];
  readonly inspections: number[] = [];
  /** Keys of the connections that an endpoint was asked for. */
  readonly connections: string[] = [];
  readonly running = new Map<string, Running>();
  /** Names of which something is left, awake or asleep. */
  readonly remains = new Set<string>();
  /** Highest generation of each resource that was stopped: nothing of it is started any more. */
  private readonly sealed = new Map<string, number>();
  /** Awaited before each boot, stop, inspection. */
  beforeBoot: (request: BootRequest, context: ProviderContext) => Promise<void> = async () => {};
  beforeStop: (request: BootRequest) => Promise<void> = async () => {};
  beforeConnect: (key: string) => Promise<void> = async () => {};

  constructor(private readonly host: string) {}

  async boot(
    request: BootRequest,
    context: ProviderContext,
  ): Promise<{ instance: Instance; adopted: boolean }> {
    const { name, generation } = request;
    this.boots.push(generation);
    this.bootsOf.push(name);
    this.remains.add(name);
    await this.beforeBoot(request, context);
    if (generation <= (this.sealed.get(name) ?? 0)) {
      throw new ReveilleError('STALE_GENERATION', `generation ${generation} has been stopped`);
    }
    const found = this.running.get(name);
    if (found) {
      const adopted = !found.suspended && found.instance.generation !== generation;
      found.suspended = false;
      found.instance = { ...found.instance, generation };
      return { instance: found.instance, adopted };
    }
    const server = createServer((incoming, response) => {
      response.end(`${name} ${generation} ${incoming.url}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const id = `fake:${generation}`;
    const instance = { id, endpoint: { host: '127.0.0.1', port }, generation, host: this.host };
    this.running.set(name, { name, instance, server, suspended: false, params: request.params });
    return { instance, adopted: false };
  }

  async inspect({ name }: BootRequest, instance: Instance) {
    this.inspections.push(Date.now());
    const found = this.running.get(name);
    if (found?.instance.id !== instance.id) return { state: 'gone' as const };
    return found.suspended
      ? { state: 'suspended' as const }
      : { state: 'running' as const, instance: found.instance };
  }

  async adopt(request: BootRequest, instance: Instance) {
    const result = await this.inspect(request, instance);
    if (result.state !== 'running') return result;
    const adopted = { ...instance, generation: request.generation };
    const found = this.running.get(request.name);
    if (found) found.instance = adopted;
    return { state: 'running' as const, instance: adopted };
  }

  async stop(request: BootRequest, instance: Instance | undefined, options: { then: string }): Promise<void> {
    const { name, generation } = request;
    this.stops.push({ name, generation, then: options.then, at: Date.now() });
    if (options.then === 'delete') this.remains.delete(name);
    await this.beforeStop(request);
    this.sealed.set(name, Math.max(generation, this.sealed.get(name) ?? 0));
    const found = this.running.get(request.name);
    if (!found || (instance && found.instance.id !== instance.id)) return;
    if (options.then === 'suspend') found.suspended = true;
    else this.kill(request.name);
  }

  async connect(_request: BootRequest, instance: Instance, { key }: Connection) {
    this.connections.push(key);
    await this.beforeConnect(key);
    return instance.endpoint;
  }

  /** The instance ends by itself. */
  kill(name: string): void {
    const found = this.running.get(name);
    this.running.delete(name);
    found?.server.close();
    found?.server.closeAllConnections();
  }

  async watch(request: BootRequest, _instance: Instance, { signal }: ProviderContext) {
    while (!signal.aborted && this.running.has(request.name))
      await new Promise((resolve) => setTimeout(resolve, 20));
    return signal.aborted ? undefined : { reason: 'ended', log: 'last words' };
  }

  async list(): Promise<Found[]> {
    return [...this.running.values()].map(({ name, instance, suspended, params }) => ({
      name,
      instance,
      ...(Object.keys(params).length === 0 ? {} : { params }),
      state: suspended ? ('suspended' as const) : ('running' as const),
    }));
  }

  async kept(): Promise<string[]> {
    return [...this.remains];
  }

  async logTail(): Promise<string> {
    return 'last words';
  }

  closeAll(): void {
    for (const name of [...this.running.keys()]) this.kill(name);
  }
}

export const bootFailure = (message: string): ReveilleError =>
  new ReveilleError('BOOT_FAILED', message, { log: 'line one\nline two' });
