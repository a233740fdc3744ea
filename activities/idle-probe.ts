import { spawn } from 'node:child_process';
import type { Config, IdleProbeDefinition } from '../config/index.js';
import { paramsEnvironment, resolveReferences } from '../config/index.js';
import type { Endpoint } from '../workflows/messages.js';
import type { ProbeResult } from './contract.js';
import { inWords, probeHttp } from './http-probe.js';
import { inheritedEnvironment } from './inherited-environment.js';
import { cleanText, lastBytes } from './log-text.js';

/** Whose idleness is asked. */
export interface ProbedInstance {
  readonly name: string;
  readonly generation: number;
  readonly endpoint: Endpoint;
  /** What it was made from. */
  readonly params: Readonly<Record<string, string>>;
}

const OUTPUT_BYTES = 2048;

/**
 * Asks once whether an instance is idle. Never says idle on a doubt: what fails (no answer in time, no such
 * command) is `{idle: false, failed: why}`. Rejects only when aborted, with the signal's reason.
 */
export async function probeIdle(
  probe: IdleProbeDefinition,
  instance: ProbedInstance,
  config: Config,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const limit = AbortSignal.timeout(probe.timeout);
  const both = AbortSignal.any([signal, limit]);
  try {
    const { url } = probe;
    return await (url === undefined ? byCommand(probe, instance, config, both) : byUrl(url, instance, both));
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return failed(`no answer within ${probe.timeout / 1000}s`);
    return failed(error instanceof Error ? inWords(error) : String(error));
  }
}

const failed = (why: string): ProbeResult => ({ idle: false, failed: why });

async function byUrl(
  target: string,
  { endpoint }: ProbedInstance,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  const url = new URL(target, `http://${host}:${endpoint.port}`);
  const status = await probeHttp({ url }, signal);
  return { idle: status >= 200 && status <= 299 };
}

/** In a group of its own, so that all it started can be ended with it; no shell is in between. */
function byCommand(
  { command = [] }: IdleProbeDefinition,
  instance: ProbedInstance,
  config: Config,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const [program = '', ...args] = resolveCommand(command, instance.name, config);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: config.folder,
      env: { ...inheritedEnvironment(process.env, config), ...labels(instance) },
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const finish = (end: () => void) => {
      signal.removeEventListener('abort', abort);
      if (child.pid !== undefined) killGroup(child.pid);
      child.stderr.destroy();
      end();
    };
    const abort = () => finish(() => reject(signal.reason));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = lastBytes(said + text, OUTPUT_BYTES);
    });
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    child.once('error', (error) =>
      finish(() => resolve(failed(`the command cannot be run: ${error.message}`))),
    );
    child.once('exit', (code, killer) => finish(() => resolve(outcome(code, killer, said))));
  });
}

function resolveCommand(command: readonly string[], name: string, { folder }: Config): string[] {
  return command.map((text, index) => {
    const key = `resources.${name}.idle.probe.command.${index}`;
    return resolveReferences(text, { env: process.env, folder, key }).value;
  });
}

function labels({ name, generation, endpoint, params }: ProbedInstance): Record<string, string> {
  return {
    ...paramsEnvironment(params),
    REVEILLE_RESOURCE: name,
    REVEILLE_GENERATION: String(generation),
    REVEILLE_HOST: endpoint.host,
    REVEILLE_PORT: String(endpoint.port),
  };
}

function outcome(code: number | null, killer: NodeJS.Signals | null, said: string): ProbeResult {
  if (killer === null) return { idle: code === 0 };
  return failed(`the command was killed by ${killer}: ${cleanText(said).trim()}`);
}

/** Called when the leader lives, or in the moment in which its end is told. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}
