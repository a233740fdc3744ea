import { spawn } from 'node:child_process';
import { Interrupted } from './error.mjs';

const KEPT_CHARACTERS = 8000;

/**
 * Runs a program to its end, with nothing on its standard input.
 * It leads a process group of its own, so that an interrupted set-up can end all that it started.
 * @param {string} program looked up on PATH; no shell is in between
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal, timeoutMs?: number, onLine?: (line: string) => void}} [options]
 * @returns {Promise<{code: number, output: string}>} output: the last part of what it printed. Code 127: not
 *   found or not executable, 124: it took longer than `timeoutMs`.
 * @throws {Interrupted} where `signal` aborts
 */
export function runCommand(program, args, options = {}) {
  const { cwd, env = process.env, signal, timeoutMs, onLine } = options;
  if (signal?.aborted) return Promise.reject(new Interrupted());
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let timedOut = false;
    const take = (chunk) => {
      output = (output + chunk).slice(-KEPT_CHARACTERS);
      for (const line of String(chunk).split('\n')) if (line.trim()) onLine?.(line.trim());
    };
    const end = () => killGroup(child.pid);
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end();
          }, timeoutMs);
    const settle = (code, message = '') => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      if (signal?.aborted) reject(new Interrupted());
      else resolve({ code: timedOut ? 124 : code, output: output + message });
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    signal?.addEventListener('abort', end);
    child.on('error', (error) => settle(127, error.message));
    child.on('close', (code) => settle(code ?? 1));
  });
}

function killGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Ended by itself meanwhile.
  }
}

/** The last lines of what a program printed, for an error's message. @param {string} output */
export function tail(output, lines = 15) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
