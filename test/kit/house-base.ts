import { randomInt, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, loadConfig } from '../../config/index.js';
import { connectTemporal, ResourceClient, type TemporalConnection } from '../../temporal/index.js';
import { eventually } from './conditions.js';
import { Part, type PartOptions } from './house-part.js';
import { environmentOf, HOUSE_VARIABLE, marked, sweep } from './house-sweep.js';

/** The `reveille` command. */
export const COMMAND = fileURLToPath(new URL('../../../bin/reveille.mjs', import.meta.url));
const PORTS = 100;
const LOG_CHARS = 4000;
const APP = fileURLToPath(new URL('./house-app.js', import.meta.url));

/** What an instance of house-app.ts writes down of itself. */
export interface JournalEntry {
  /** `late`: a request that came after its end had begun. */
  event: 'start' | 'term' | 'end' | 'sent' | 'late';
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
  /** Temporal's database is a file, which outlives the server. */
  durable?: boolean;
  /** Puts more into the house's folder before anything starts. @returns what is added to the environment. */
  furnish?: (folder: string) => NodeJS.ProcessEnv;
}

/** How one part differs from what the house's file and environment say. */
export interface Difference {
  /** Keys of reveille.yaml, each replaced as a whole. */
  top?: Record<string, object | string>;
  env?: NodeJS.ProcessEnv;
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
  /** What its parts are started with: whatever else is started with it is gone with the house. */
  readonly env: NodeJS.ProcessEnv;
  private readonly content: object;
  private connected: TemporalConnection | undefined;

  /** @param top the keys of reveille.yaml that the house has to have. */
  constructor(plan: Plan, top: object) {
    this.env = { ...process.env, ...plan.furnish?.(this.folder), [HOUSE_VARIABLE]: this.mark };
    const worker = { ports: portRange(), ...(plan.top?.worker as object) };
    const { resources } = plan;
    this.content = { ...top, ...plan.top, worker, resources };
    this.write(this.file, this.content);
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

  /** Takes it away again. */
  deny(name: string): void {
    rmSync(this.path(name));
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

  /** What lives of it beyond its parts, by pid: instances, and whatever else a worker has started. */
  beyondParts(): number[] {
    const own = new Set([...this.parts.values()].map(({ pid }) => pid));
    return this.living().filter((pid) => !own.has(pid));
  }

  /** Pids of a resource's processes that live, whatever anybody thinks of them. */
  instancesOf(name: string): number[] {
    return this.living().filter((pid) => environmentOf(pid).includes(`REVEILLE_RESOURCE=${name}`));
  }

  /** Runs the test; nothing is left behind. */
  protected async run(body: () => Promise<void>): Promise<void> {
    try {
      await this.explained(body);
    } finally {
      await this.close();
    }
  }

  /** Runs a test or a part of it. What fails is told together with what was seen of the house. */
  async explained(body: () => Promise<void>): Promise<void> {
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
    }
  }

  private instanceLogs(): string {
    const folder = this.path('.reveille/process');
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const files = names.map((name) => join(folder, name, 'log')).filter((file) => existsSync(file));
    return files.map((file) => `${file}:\n${readFileSync(file, 'utf8').slice(-LOG_CHARS)}`).join('\n');
  }

  /** @param name of the part in this house; its first word is the command. */
  protected async startPart(
    name: string,
    options: PartOptions,
    { top, env }: Difference = {},
  ): Promise<Part> {
    const [command = name] = name.split(' ');
    const file = top === undefined ? this.file : this.path(`${name.replace(' ', '-')}.yaml`);
    if (top !== undefined) this.write(file, { ...this.content, ...top });
    const argv = [COMMAND, command, '--config', file];
    const part = await Part.start(name, argv, { ...this.env, ...env }, options);
    this.parts.set(name, part);
    return part;
  }

  private write(file: string, content: object): void {
    writeFileSync(file, JSON.stringify(content, null, 1));
  }

  part(name: string): Part {
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
