import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from './conditions.js';

const KEPT_OUTPUT = 6_000;
/** Only so that a test ends whose part does not. */
const END_MS = 30_000;

export interface PartOptions {
  /** What it says when it is ready. Its first group is kept. */
  ready: RegExp;
  /** It leads a process group, as what a terminal starts. */
  ownGroup?: boolean;
}

/** One part of Reveille as a process of its own, whose output is kept for messages of failures. */
export class Part {
  private text = '';
  private said = '';
  private readonly ended: Promise<unknown>;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    this.ended = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.text = (this.text + chunk).slice(-KEPT_OUTPUT);
      });
    }
  }

  /** Resolves when it says that it is ready. */
  static async start(
    name: string,
    argv: string[],
    env: NodeJS.ProcessEnv,
    { ready, ownGroup = false }: PartOptions,
  ): Promise<Part> {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(process.execPath, argv, { env, stdio: [...stdio], detached: ownGroup });
    const part = new Part(name, child);
    try {
      part.said = await eventually(`${name} is ready`, () => {
        if (part.hasEnded) return 'ended';
        return ready.exec(part.text)?.[1];
      });
      if (part.hasEnded) throw new Error(`${name} ended at its start`);
    } catch (error) {
      await part.end('SIGKILL');
      throw new Error(`${name} did not start:\n${part.output()}`, { cause: error });
    }
    return part;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** What it said when it was ready. */
  get readyWord(): string {
    return this.said;
  }

  /** HTTP URL at what it listens on. */
  url(path: string): string {
    return `http://${this.said}${path}`;
  }

  output(): string {
    return this.text;
  }

  /** By SIGSTOP, until `goOn`. Resolves when the kernel has stopped every thread of it. */
  async pause(): Promise<void> {
    process.kill(this.pid, 'SIGSTOP');
    await eventually(`${this.name} is stopped`, () => this.isPaused);
  }

  goOn(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  get isPaused(): boolean {
    const tasks = readdirSync(`/proc/${this.pid}/task`);
    return tasks.every((task) => /\) T /.test(readFileSync(`/proc/${this.pid}/task/${task}/stat`, 'latin1')));
  }

  /**
   * Sends a signal and waits for the end; one that does not end is killed, and that is an error.
   * @param to the whole group that it leads, or it alone.
   */
  async end(signal: NodeJS.Signals, to: 'group' | 'itself' = 'itself'): Promise<void> {
    if (this.hasEnded) return;
    process.kill(to === 'group' ? -this.pid : this.pid, signal);
    let killed = false;
    const limit = setTimeout(() => {
      killed = true;
      this.child.kill('SIGKILL');
    }, END_MS);
    await this.ended;
    clearTimeout(limit);
    if (killed) throw new Error(`${this.name} did not end by ${signal}:\n${this.text}`);
  }
}
