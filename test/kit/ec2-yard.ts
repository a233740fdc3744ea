import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { BootRequest, Provider, ProviderContext } from '../../activities/providers/contract.js';
import { Ec2Provider } from '../../activities/providers/ec2/provider.js';
import { configSchema } from '../../config/index.js';
import { Ec2Site } from './ec2-site.js';
import { engine } from './engines.js';
import { silentLog } from './silent-log.js';

/** Lives until it is told to end, and says who it is. */
const SLEEPER = 'trap "exit 0" TERM; echo "I am $RESOURCE"; while :; do /bin/busybox sleep 0.05; done';
/** So that a test waits for nothing but what it is about. */
const QUICK = { port: 80, keepsAddress: true, interval: '50ms', watch: '50ms', settle: '300ms' };

/** Workers, each with the provider alone, before one site: no workflow, no proxy. */
export class Yard {
  private readonly folder = mkdtempSync(join(tmpdir(), 'reveille-yard-'));
  private hosts = 0;

  private constructor(readonly site: Ec2Site) {}

  static async open(): Promise<Yard> {
    return new Yard(await Ec2Site.start([engine('busybox'), 'sh', '-c', SLEEPER]));
  }

  /** Settings of resources that are created from the site's image. */
  created(settings: Record<string, unknown> = {}): Record<string, unknown> {
    const userData = 'GREETING=hello';
    return { ...this.site.settings, image: this.site.image, type: 't3.micro', userData, ...settings };
  }

  /**
   * A worker of a host of its own.
   * @param resources the settings of each, by name. @param site whose instances it knows.
   */
  worker(resources: Record<string, Record<string, unknown>>, site = 'yard'): YardWorker {
    const all = Object.entries(resources).map(([name, settings]) => [
      name,
      { provider: 'ec2', ec2: { ...this.site.settings, ...QUICK, ...settings } },
    ]);
    const folder = join(this.folder, String(this.hosts++));
    const parsed = configSchema.parse({ site, resources: Object.fromEntries(all) });
    const config = { ...parsed, file: undefined, folder };
    const services = { config, stateDir: folder, host: 'yard', log: silentLog };
    const definition = (name: string) => {
      const found = config.resources[name];
      if (found === undefined) throw new Error(`no resource ${name}`);
      return found;
    };
    return new YardWorker(() => new Ec2Provider(services), definition);
  }

  async close(): Promise<void> {
    await this.site.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class YardWorker {
  readonly provider: Provider;

  constructor(
    private readonly make: () => Provider,
    private readonly definition: (name: string) => BootRequest['definition'],
  ) {
    this.provider = make();
  }

  /** Another process on the same host. */
  again(): YardWorker {
    return new YardWorker(this.make, this.definition);
  }

  request(name: string, generation: number): BootRequest {
    return { name, generation, params: {}, revision: 'r1', definition: this.definition(name) };
  }

  boot(name: string, generation: number, more: Partial<ProviderContext> = {}) {
    return this.provider.boot(this.request(name, generation), { ...context(), ...more });
  }

  stop(name: string, generation: number, then: 'stop' | 'suspend' | 'delete' = 'stop') {
    return this.provider.stop(this.request(name, generation), undefined, { then, force: false }, context());
  }

  inspect(name: string, instance: Parameters<Provider['inspect']>[1]) {
    return this.provider.inspect(this.request(name, instance.generation), instance, context());
  }

  async listed(): Promise<string[]> {
    return (await this.provider.list(context())).map(({ name }) => name);
  }
}

const context = (): ProviderContext => ({ signal: new AbortController().signal, heartbeat: () => {} });

/** One for the tests of a `describe`: open before the first of them, closed after the last. @returns it, when asked. */
export function yardOfSuite(): () => Yard {
  let opened: Yard | undefined;
  before(async () => {
    opened = await Yard.open();
  });
  after(() => opened?.close());
  return () => {
    assert.ok(opened, 'the yard is open');
    return opened;
  };
}
