import { spawn } from 'node:child_process';
import { type Config, paramsEnvironment, resolveReferences } from '../config/index.js';
import type { Endpoint } from '../workflows/messages.js';
import { inheritedEnvironment } from './inherited-environment.js';
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
  /** Where it stands in the resource, for errors: `idle.probe.command`. */
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
export function runProbeCommand(probe: ProbeCommand, signal: AbortSignal): Promise<ProbeEnd> {
  const { config, instance } = probe;
  const [program = '', ...args] = resolveCommand(probe);
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
      finish(() => reject(new Error(`the command cannot be run: ${error.message}`, { cause: error }))),
    );
    child.once('exit', (code, killer) =>
      finish(() => resolve({ code, killer, said: cleanText(said).trim() })),
    );
  });
}

function resolveCommand({ command, key, instance, config }: ProbeCommand): string[] {
  return command.map((text, index) => {
    const place = `resources.${instance.name}.${key}.${index}`;
    return resolveReferences(text, { env: process.env, folder: config.folder, key: place }).value;
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
