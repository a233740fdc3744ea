import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The root of this working copy. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A folder that goes away with the test. */
export function tempFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-test-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An executable shell script: stands in for a program on PATH. */
export function fakeProgram(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}
export interface Running {
  child: ChildProcess;
  /** What it has printed so far, both streams. */
  output(): string;
  ended: Promise<Ended>;
}

/** Starts a program; it is killed with the test at the latest. */
export function start(
  context: TestContext,
  program: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Running {
  // Its standard input closes when this process is gone, however it went.
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  context.after(() => child.kill('SIGKILL'));
  return { child, output: () => stdout + stderr, ended };
}

/** Runs lines of JavaScript that may use a module of scripts/, as a process of its own. */
export function startScript(
  context: TestContext,
  module: string,
  code: string,
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Running {
  const text = `import * as m from ${JSON.stringify(join(root, 'scripts', module))};\n${code}`;
  return start(context, process.execPath, ['--input-type=module', '-e', text], options);
}

/** Far beyond what anything takes: only so that a failing test says what it waited for. */
const PATIENCE_MS = 90_000;

/** Waits until something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`it never came to be: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
