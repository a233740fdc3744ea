/** Programs that a benchmark runs beside itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchContext } from './contract.js';

const GRACE_MS = 10_000;
const START_MS = 60_000;

export interface ChildOptions {
  /** Names its log in the benchmark's folder. */
  name: string;
  /** The one core that it may use; undefined: all. */
  core?: number | undefined;
  ipc?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** Starts a program that ends with the benchmark. What it prints goes to a file. */
export function startChild(
  context: Pick<BenchContext, 'folder' | 'defer'>,
  command: readonly string[],
  { name, core, ipc = false, env = {} }: ChildOptions,
): ChildProcess {
  const pinned = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const [program = '', ...args] = pinned;
  const log = openSync(join(context.folder, `${name}.log`), 'a');
  const stdio: ('ignore' | 'ipc' | number)[] = ['ignore', log, log];
  if (ipc) stdio.push('ipc');
  const child = spawn(program, args, { stdio, env: { ...process.env, ...env } });
  child.on('error', () => {});
  context.defer(() => endChild(child));
  return child;
}

/** SIGTERM, and SIGKILL for who does not hear it. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(killer);
}

/** Waits until something accepts connections on a local port. @throws where the child ends first. */
export async function accepting(port: number, child: ChildProcess, name: string): Promise<void> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`${name} ended at its start`);
    if (await accepts(port)) return;
    await delay(20);
  }
  throw new Error(`${name} does not listen on port ${port}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
