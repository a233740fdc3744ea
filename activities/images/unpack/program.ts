import { type ChildProcess, spawn } from 'node:child_process';
import { ReveilleError } from '../../../errors/index.js';
import { findTool } from '../../host/program.js';

const TOLD_CHARS = 2000;

/** What Debian and others call the package that has a program of ours. */
const PACKAGES = { xz: 'xz-utils', bzip2: 'bzip2', zstd: 'zstd', 'qemu-img': 'qemu-utils' } as const;
export type ProgramName = keyof typeof PACKAGES;

export interface ProgramOptions {
  /** Of address space. */
  maxMemoryBytes: number;
  /** Length of the files that it writes. Default: none are its own. */
  maxFileBytes?: number;
  stdin: number | 'ignore';
}

/** A program that works on an image: with bounds, no shell, and no life beyond ours. */
export class Program {
  readonly child: ChildProcess;
  private told = '';
  private readonly end: Promise<number | string>;

  /** @throws ReveilleError IMAGE_TOOL_MISSING. */
  constructor(name: ProgramName, args: readonly string[], options: ProgramOptions) {
    const { maxMemoryBytes, maxFileBytes = 0, stdin } = options;
    const bounds = [`--as=${maxMemoryBytes}`, `--fsize=${maxFileBytes}`, '--core=0'];
    // A new owner of the draft would else write beside what a dead one left running.
    const words = ['--pdeathsig', 'KILL', findTool('prlimit'), ...bounds, '--', find(name), ...args];
    this.child = spawn(findTool('setpriv'), words, { stdio: [stdin, 'pipe', 'pipe'] });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.told = (this.told + text).slice(-TOLD_CHARS);
    });
    this.end = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
    // Looked at by ended(), perhaps later.
    this.end.catch(() => {});
  }

  /** @returns undefined where it went well, else what it said. */
  async ended(): Promise<string | undefined> {
    const how = await this.end;
    return how === 0 ? undefined : this.told.trim() || `it ended with ${how}`;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

function find(name: ProgramName): string {
  try {
    return findTool(name);
  } catch (cause) {
    const message = `${name} is not installed on this host: it is in the package ${PACKAGES[name]}`;
    throw new ReveilleError('IMAGE_TOOL_MISSING', message, { cause });
  }
}
