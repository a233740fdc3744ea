import { randomInt, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, loadConfig } from '../../config/index.js';
import { connectTemporal, ResourceClient, type TemporalConnection } from '../../temporal/index.js';
import { eventually } from './conditions.js';
import { Part, type PartOptions } from './house-part.js';
import { HOUSE_VARIABLE, marked, sweep } from './house-sweep.js';

const COMMAND = fileURLToPath(new URL('../../../bin/reveille.mjs', import.meta.url));
const PORTS = 100;
const LOG_CHARS = 4000;
const APP = fileURLToPath(new URL('./house-app.js', import.meta.url));

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
  top?: Record<string, object | string>;
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

/** Ports for instances, so that two houses at once do not pick the same. */
function portRange(): string {
  const first = 20_000 + PORTS * randomInt(100);
  return `${first}-${first + PORTS - 1}`;
}

/** What is the same whether `reveille up` runs or each part by itself: a folder, its configuration, its journal. */
export abstract class HouseBase {
  readonly folder = mkdtempSync(join(tmpdir(), 'reveille-house-'));
  readonly file = join(this.folder, 'reveille.yaml');
  /** The parts that were started last, by name. */
  protected readonly parts = new Map<string, Part>();
  private readonly mark = randomUUID();
  private readonly env: NodeJS.ProcessEnv;
  private connected: TemporalConnection | undefined;

  /** @param top the keys of reveille.yaml that the house has to have. */
  constructor(plan: Plan, top: object) {
    this.env = { ...process.env, ...plan.furnish?.(this.folder), [HOUSE_VARIABLE]: this.mark };
    const worker = { ports: portRange(), ...(plan.top?.worker as object) };
    const { resources } = plan;
    writeFileSync(this.file, JSON.stringify({ ...top, ...plan.top, worker, resources }, null, 1));
  }

  /** HOST:PORT where the proxy takes clients. */
  abstract get address(): string;

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

  /** Pids of all that this house has started, and of all that came of it, and lives. */
  living(): number[] {
    return marked(this.mark);
  }

  /** Runs the test. What fails is told together with what was seen of the house; nothing is left behind. */
  protected async run(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      const said = [...this.parts.values()].map((part) => `${part.name}:\n${part.output()}`);
      said.push(
        `journal: ${JSON.stringify(this.journal())}`,
        `living: ${this.living()}`,
        this.instanceLogs(),
      );
      const what = error instanceof Error ? error.message : String(error);
      throw new Error([what, ...said].join('\n'), { cause: error });
    } finally {
      await this.close();
    }
  }

  private instanceLogs(): string {
    const folder = this.path('.reveille/process');
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const files = names.map((name) => join(folder, name, 'log')).filter((file) => existsSync(file));
    return files.map((file) => `${file}:\n${readFileSync(file, 'utf8').slice(-LOG_CHARS)}`).join('\n');
  }

  protected async startPart(name: string, options: PartOptions): Promise<void> {
    this.parts.set(name, await Part.start(name, [COMMAND, name, '--config', this.file], this.env, options));
  }

  protected part(name: string): Part {
    const part = this.parts.get(name);
    if (!part) throw new Error(`${name} was not started`);
    return part;
  }

  protected async close(): Promise<void> {
    try {
      await this.disconnect();
      for (const part of this.parts.values()) await part.end('SIGKILL');
    } finally {
      sweep(this.mark);
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** Gives up the test's own connection: the server goes away, or has another database from now on. */
  async disconnect(): Promise<void> {
    await this.connected?.close();
    this.connected = undefined;
  }
}
