import { randomInt, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, loadConfig } from '../../config/index.js';
import { connectTemporal, ResourceClient, type TemporalConnection } from '../../temporal/index.js';
import { eventually } from './conditions.js';
import { Part } from './house-part.js';
import { HOUSE_VARIABLE, sweep } from './house-sweep.js';
import { TemporalServer } from './temporal-server.js';

const COMMAND = fileURLToPath(new URL('../../../bin/reveille.mjs', import.meta.url));
const APP = fileURLToPath(new URL('./house-app.js', import.meta.url));
const PORTS = 100;

/** What an instance of house-app.ts writes down of itself. */
export interface JournalEntry {
  event: 'start' | 'term' | 'end' | 'sent';
  resource: string;
  generation: number;
  pid: number;
  /** Wall clock, ms. */
  at: number;
  /** How late its own timers were at worst since the last entry, in ms: how busy the machine was. */
  stall: number;
  crc?: number;
  bytes?: number;
}

export interface Plan {
  /** As in reveille.yaml. */
  resources: Record<string, Record<string, unknown>>;
  /** Other keys of reveille.yaml. */
  top?: Record<string, unknown>;
  /** Puts more into the house's folder before anything starts. @returns what is added to the environment. */
  furnish?: (folder: string) => NodeJS.ProcessEnv;
}

/** A resource that runs house-app.ts, with its route; the rest as in reveille.yaml. */
export function app(env: Record<string, string> = {}, rest: Record<string, unknown> = {}) {
  return {
    provider: 'process',
    process: { command: [process.execPath, APP], env, grace: '60s' },
    health: { path: '/health' },
    routes: [{ path: '/' }],
    ...rest,
  };
}

/** Reveille for real in a folder of its own: Temporal, worker and proxy are processes, and so are instances. */
export class House {
  readonly folder = mkdtempSync(join(tmpdir(), 'reveille-house-'));
  readonly file = join(this.folder, 'reveille.yaml');
  private readonly mark = randomUUID();
  private parts: { worker?: Part; proxy?: Part } = {};
  private readonly env: NodeJS.ProcessEnv;
  private connected: TemporalConnection | undefined;

  private constructor(
    readonly temporal: TemporalServer,
    plan: Plan,
  ) {
    this.env = { ...process.env, ...plan.furnish?.(this.folder), [HOUSE_VARIABLE]: this.mark };
    const first = 20_000 + PORTS * randomInt(100);
    const { proxy, ...top } = (plan.top ?? {}) as { proxy?: object };
    this.write({
      proxy: { listen: '127.0.0.1:0', ...proxy },
      temporal: { address: temporal.address },
      worker: { ports: `${first}-${first + PORTS - 1}` },
      ...top,
      resources: plan.resources,
    });
  }

  /** Runs a test in a house of its own. What fails is told together with what the parts have printed. */
  static async live(plan: Plan, body: (house: House) => Promise<void>): Promise<void> {
    const house = new House(await TemporalServer.start(), plan);
    try {
      await Promise.all([house.startWorker(), house.startProxy()]);
      await body(house);
    } catch (error) {
      const said = [house.parts.worker, house.parts.proxy].map((part) => `${part?.name}:\n${part?.output()}`);
      throw new Error(`${error instanceof Error ? error.message : error}\n${said.join('\n')}`, {
        cause: error,
      });
    } finally {
      await house.close();
    }
  }

  async startWorker(): Promise<void> {
    this.parts.worker = await this.startPart('worker', /worker is (ready)/);
  }

  async startProxy(): Promise<void> {
    this.parts.proxy = await this.startPart('proxy', /proxy is ready at (\S+)\n/);
  }

  get worker(): Part {
    if (!this.parts.worker) throw new Error('no worker');
    return this.parts.worker;
  }

  get proxy(): Part {
    if (!this.parts.proxy) throw new Error('no proxy');
    return this.parts.proxy;
  }

  /** HOST:PORT where the proxy takes clients. */
  get address(): string {
    return this.proxy.readyWord;
  }

  url(path: string): string {
    return `http://${this.address}${path}`;
  }

  get config(): Config {
    return loadConfig(this.file);
  }

  /** The control plane, as the command line has it. */
  get resources(): ResourceClient {
    return new ResourceClient(this.connection);
  }

  get connection(): TemporalConnection {
    this.connected ??= connectTemporal(this.config);
    return this.connected;
  }

  /** A file beside reveille.yaml, where instances have their working directory. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Makes the file that an instance waits for. */
  allow(name: string): void {
    writeFileSync(this.path(name), '');
  }

  journal(event?: JournalEntry['event']): JournalEntry[] {
    const file = this.path('journal');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines
      .map((line) => JSON.parse(line) as JournalEntry)
      .filter((entry) => event === undefined || entry.event === event);
  }

  /** Waits until the journal has so many entries of this kind. @returns the last of them. */
  async journaled(event: JournalEntry['event'], count = 1, withinMs?: number): Promise<JournalEntry> {
    const what = `${count} times ${event} in the journal`;
    return await eventually(what, () => this.journal(event)[count - 1], withinMs);
  }

  async untilAsleep(name: string): Promise<void> {
    const asleep = async () => (await this.resources.openRun(name)) === undefined;
    await eventually(`${name} is asleep`, asleep, 60_000);
  }

  private write(config: object): void {
    writeFileSync(this.file, JSON.stringify(config, null, 1));
  }

  private startPart(name: 'worker' | 'proxy', ready: RegExp): Promise<Part> {
    return Part.start(name, [COMMAND, name, '--config', this.file], this.env, ready);
  }

  /** Ends in order where that goes, and leaves nothing behind in any case. */
  private async close(): Promise<void> {
    try {
      await this.connected?.close();
      await this.parts.proxy?.end('SIGKILL');
      await this.parts.worker?.end('SIGKILL');
      await this.temporal.kill();
    } finally {
      sweep(this.mark);
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}
