import { spawn } from 'node:child_process';
import { type Config, paramsEnvironment } from '../config/index.js';
import type { Endpoint } from '../workflows/messages.js';
import { prepareProgram } from './host/program.js';
import { cleanText, lastBytes } from './log-text.js';

/** Who is asked about. */
export interface ProbedInstance {
  readonly name: string;
  readonly generation: number;
  readonly endpoint: Endpoint;
  /** What it was made from. */
  readonly params: Readonly<Record<string, string>>;
}

export interface ProbeCommand {
  readonly command: readonly string[];
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Who runs it; undefined: the worker's own user. */
  readonly user?: string | undefined;
  /** What it stands in, for errors: `idle.probe`. */
  readonly key: string;
  readonly instance: ProbedInstance;
  readonly config: Config;
}

/** How a command ended, and the end of what it wrote to standard error. */
export interface ProbeEnd {
  readonly code: number | null;
  readonly killer: NodeJS.Signals | null;
  readonly said: string;
}

const OUTPUT_BYTES = 2048;

/**
 * Runs a command that looks at an instance, which it finds in REVEILLE_* of its environment. In a group of its own,
 * so that all it started can be ended with it; no shell is in between.
 * Rejects with the signal's reason, or where it cannot be run.
 */
export async function runProbeCommand(
  { command, env = {}, user, key: part, instance, config }: ProbeCommand,
  signal: AbortSignal,
): Promise<ProbeEnd> {
  const key = `resources.${instance.name}.${part}`;
  const prepared = await prepareProgram({ command, env, user, cwd: '.', key }, labels(instance), config);
  const [program = '', ...args] = prepared.argv;
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: prepared.cwd,
      env: prepared.env,
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
      finish(() => reject(new Error(`the command cannot be run: ${error.message}`, { cause: error }))),
    );
    child.once('exit', (code, killer) =>
      finish(() => resolve({ code, killer, said: cleanText(said).trim() })),
    );
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

/** Called when the leader lives, or in the moment in which its end is told. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}
