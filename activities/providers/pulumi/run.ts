import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';
import { findTool } from '../../host/program.js';
import type { ProviderContext } from '../contract.js';
import type { PulumiHome, StackRecord } from './home.js';
import type { Described, Job } from './job.js';
import type { Tools } from './tools.js';

export type Outcome =
  | { readonly state: 'done'; readonly record?: StackRecord; readonly text?: string }
  | { readonly state: 'stale'; readonly younger?: number }
  | { readonly state: 'failed'; readonly code: 'failed' | 'locked' | 'timeout'; readonly message: string };

export interface Operation {
  readonly kind: Job['kind'];
  readonly job: Described;
  readonly home: PulumiHome;
  readonly tools: Tools;
  readonly env: Readonly<Record<string, string>>;
}

/** The runner ends itself in its time, and what hangs after its grace: this is for when it does not. */
const HANGING_MS = 30_000;

/**
 * Runs one operation of Pulumi in a process of its own, which goes on when this one does not. One at a time for each
 * resource: its lock is let go by the kernel, however the runner ends, and the next one clears up what it left.
 * @throws ReveilleError INTERNAL, to be tried again, where the runner was killed.
 */
export async function runOperation(operation: Operation, context: ProviderContext): Promise<Outcome> {
  const { kind, job, home, tools, env } = operation;
  home.prepare();
  const result = join(home.scratch, `${randomUUID()}.json`);
  const whole: Job = { ...job, kind, cli: tools.cli, result };
  home.log.note(`generation ${job.generation}, pulumi ${kind}, ${new Date().toISOString()}`);
  const ended = await home.log.with(undefined, (log) => {
    const words = ['--no-fork', home.lock, process.execPath, tools.runner];
    const child = spawn(findTool('flock'), words, {
      cwd: home.folder,
      env: { ...env },
      // In a session of its own: no end of ours reaches it.
      detached: true,
      stdio: ['pipe', log, log],
    });
    // One that has ended already has said why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(JSON.stringify(whole));
    return untilEnded(child, job.timeoutMs + 2 * job.graceMs + HANGING_MS, context);
  });
  const outcome = readOutcome(result);
  if (outcome !== undefined) return outcome;
  throw new ReveilleError('INTERNAL', `the runner of pulumi ${kind} ended without a result (${ended})`);
}

function readOutcome(file: string): Outcome | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Outcome;
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * A worker that ends leaves it running: whoever comes next waits for it. Only a cancelled step interrupts it, and is
 * over when it has ended what it was at.
 */
function untilEnded(child: ChildProcess, limitMs: number, { signal }: ProviderContext): Promise<string> {
  return new Promise((resolve, reject) => {
    const hanging = setTimeout(() => child.kill('SIGKILL'), limitMs);
    const abort = () => {
      if (!String(signal.reason).includes('WORKER_SHUTDOWN')) {
        child.kill('SIGTERM');
        return;
      }
      child.unref();
      settle(() => reject(signal.reason));
    };
    const settle = (end: () => void) => {
      clearTimeout(hanging);
      signal.removeEventListener('abort', abort);
      end();
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    child.once('error', (error) => settle(() => resolve(error.message)));
    child.once('exit', (code, killer) =>
      settle(() => (signal.aborted ? reject(signal.reason) : resolve(killer ?? `exit code ${code}`))),
    );
  });
}
