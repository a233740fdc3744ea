import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReveilleError } from '../../../errors/index.js';
import { type PreparedCommand, withOddNames } from '../program.js';

export interface Claiming {
  /** The generation's claim file, and a name of its own for the unfinished one. */
  readonly file: string;
  readonly temporary: string;
  /** What stands in the claim behind pid and start time. */
  readonly rest: string;
  /** Line in the log for the process that won. */
  readonly header: string;
}

/**
 * What becomes the command, if it wins its generation's claim: 75 says that another did, or a seal. Whoever
 * started it may pause or die meanwhile, nothing of this depends on them. Descriptor 3 closes at the end
 * either way, which tells the worker. Everything comes as an argument, nothing is put into the text.
 */
const SHIM = `
start_of() { shift 19; start=$1; }
read -r stat < /proc/$$/stat || exit 74
start_of \${stat##*) }
printf '{"pid":%s,"start":%s,%s' "$$" "$start" "$3" > "$1" || exit 74
"$5" "$1" "$2" 2>/dev/null || exit 75
printf '%s\\n' "$4"
shift 5
exec "$@" 3>&-
`;

/**
 * Starts the shim in a session of its own, so that no end of ours reaches it, and waits until it has become the
 * command or given up; which of the two, the claim file says.
 * @throws ReveilleError BOOT_FAILED where no process could be started.
 */
export async function launch(
  command: PreparedCommand,
  claiming: Claiming,
  logFd: number,
  signal: AbortSignal,
): Promise<ChildProcess> {
  const { file, temporary, rest, header } = claiming;
  const child = spawn(
    '/bin/sh',
    ['-c', SHIM, 'reveille', temporary, file, rest, header, command.tools.ln, ...withOddNames(command)],
    { cwd: command.cwd, env: command.env, detached: true, stdio: ['ignore', logFd, logFd, 'pipe'] },
  );
  try {
    await settled(child, signal);
  } finally {
    rmSync(temporary, { force: true });
    child.unref();
  }
  return child;
}

function settled(child: ChildProcess, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const pipe = child.stdio[3];
    const abort = () => finish(() => reject(signal.reason));
    const finish = (end: () => void) => {
      signal.removeEventListener('abort', abort);
      pipe?.destroy();
      end();
    };
    signal.addEventListener('abort', abort);
    child.once('error', (cause) =>
      finish(() =>
        reject(new ReveilleError('BOOT_FAILED', `no process could be started: ${cause.message}`, { cause })),
      ),
    );
    pipe?.once('close', () => finish(resolve));
    pipe?.on('error', () => undefined);
    pipe && 'resume' in pipe && pipe.resume();
  });
}

/** How processes ended that this worker started; nobody else is told. */
export class Exits {
  private readonly known = new Map<string, { ended: Promise<void>; reason?: string }>();

  /** @param id the instance's id. */
  track(id: string, child: ChildProcess): void {
    const record: { ended: Promise<void>; reason?: string } = { ended: Promise.resolve() };
    const note = () => {
      record.reason = inWords(child.exitCode, child.signalCode);
    };
    if (child.exitCode !== null || child.signalCode !== null) note();
    else {
      record.ended = new Promise((resolve) => {
        child.once('exit', () => {
          note();
          resolve();
        });
      });
    }
    this.known.set(id, record);
    const oldest = this.known.keys().next().value;
    if (this.known.size > 1000 && oldest !== undefined) this.known.delete(oldest);
  }

  /** Why it ended, in words; waits a moment for the kernel to tell of an end that was just seen. */
  async reason(id: string): Promise<string> {
    const record = this.known.get(id);
    if (record !== undefined && record.reason === undefined) await Promise.race([record.ended, sleep(250)]);
    return record?.reason ?? 'the process has ended';
  }

  /** The end of one that this worker started. */
  ended(id: string): Promise<void> | undefined {
    return this.known.get(id)?.ended;
  }
}

function inWords(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `the process was killed by ${signal}`;
  return `the process exited with code ${code}`;
}
