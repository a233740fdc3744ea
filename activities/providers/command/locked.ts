import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';
import { findTool, type PreparedCommand, withOddNames } from '../../host/program.js';
import { LogFile } from '../../log-file.js';
import type { ProviderContext } from '../contract.js';
import type { CommandHome } from './home.js';

/** What a command is run for. `adopt` runs nothing: it only makes the generation the one that counts. */
export type StepName = 'start' | 'connect' | 'adopt' | 'stop';

export interface LockedStep {
  readonly step: StepName;
  readonly generation: number;
  /** Names the result: a second run with the same key finds that of the first. */
  readonly key: string;
  /** Undefined: nothing is run, only what the files say is changed. */
  readonly command: PreparedCommand | undefined;
  /** Of the command, in ms. */
  readonly timeoutMs: number | undefined;
}

/** `stale`: a younger generation, or the stop of this one, was first, and nothing was run. */
export type StepResult =
  | { readonly state: 'done'; readonly exitCode: number }
  | { readonly state: 'stale'; readonly younger?: number };

/**
 * What stands between us and each command. It lives on when the worker does not, and does all that has to be in one
 * piece: one command of a resource at a time (flock(1), released with the last of it, however it ends), none for an
 * older generation or after its own stop, none twice. Who started it may pause or die meanwhile. The command itself
 * gets no hold of the lock, so that what it leaves in the background does not keep it. Everything comes as an
 * argument, nothing is put into the text.
 */
const SHIM = `
flock=$1 timeout=$2 folder=$3 generation=$4 step=$5 key=$6 answer=$7 limit=$8; shift 8
child=
trap '[ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM
say() { printf '%s\\n' "$*" > "$answer.new" && mv -f "$answer.new" "$answer"; }
exec 9>>"$folder/lock" || exit 74
"$flock" 9 || exit 74
newest=0
[ ! -e "$folder/generation" ] || read -r newest < "$folder/generation"
if [ "$newest" -gt "$generation" ]; then say stale "$newest"; exit; fi
if [ "$step" != stop ] && [ -e "$folder/$generation.ending" ]; then say stale; exit; fi
printf '%s\\n' "$generation" > "$folder/generation.new" && mv -f "$folder/generation.new" "$folder/generation" || exit 74
if [ -e "$folder/$key.done" ]; then read -r status < "$folder/$key.done"; say done "$status"; exit; fi
status=0
if [ "$step" = stop ]; then : > "$folder/$generation.ending"; fi
if [ "$step" = stop ] && [ ! -e "$folder/active" ]; then set --; fi
if [ "$step" != stop ]; then : > "$folder/active"; fi
if [ "$#" -gt 0 ]; then
  printf '%s\\n' "--- reveille: generation $generation, $step, $(date -u +%Y-%m-%dT%H:%M:%SZ) ---"
  : > "$folder/$key.out"
  "$timeout" -k 10 "$limit" "$@" >> "$folder/$key.out" 9>&- &
  child=$!
  while :; do
    wait "$child"; status=$?
    kill -0 "$child" 2>/dev/null || break
  done
  head -c 65536 "$folder/$key.out"
  printf '%s\\n' "--- $step: exit code $status ---"
  if [ "$step" != stop ] || [ "$status" -eq 0 ]; then
    printf '%s\\n' "$status" > "$folder/done.new" && mv -f "$folder/done.new" "$folder/$key.done" || exit 74
  fi
fi
if [ "$step" = stop ] && [ "$status" -eq 0 ]; then rm -f "$folder/active"; fi
say done "$status"
`;

/**
 * Runs one step of one generation, when its turn comes.
 * @throws ReveilleError BOOT_FAILED or STOP_FAILED where the shim itself could not do its work.
 */
export async function runLocked(
  home: CommandHome,
  { step, generation, key, command, timeoutMs }: LockedStep,
  context: ProviderContext,
): Promise<StepResult> {
  const answer = join(home.scratch, randomUUID());
  const limit = timeoutMs === undefined ? '0' : String(Math.max(0.001, timeoutMs / 1000));
  const words = [
    findTool('flock'),
    findTool('timeout'),
    home.folder,
    String(generation),
    step,
    key,
    answer,
    limit,
  ];
  const run = command === undefined ? [] : withOddNames(command);
  context.heartbeat(`${step}: waiting for its turn, then running`);
  const start = (log: number | 'ignore') => {
    const child = spawn('/bin/sh', ['-c', SHIM, 'reveille', ...words, ...run], {
      cwd: command?.cwd ?? home.folder,
      env: command?.env ?? { PATH: process.env.PATH },
      // In a session of its own: no end of ours reaches it.
      detached: true,
      stdio: ['ignore', log, log],
    });
    return ended(child, context.signal);
  };
  // A stop of what never ran prints nothing, and leaves no log behind.
  const isSilent = step === 'stop' && !home.isActive;
  const code = await (isSilent ? start('ignore') : home.log.with(command?.user, start));
  const [state, status] = readAnswer(answer).split(' ');
  if (state === 'stale') return status === undefined ? { state } : { state, younger: Number(status) };
  if (state === 'done') return { state, exitCode: Number(status) };
  const name = step === 'stop' ? 'STOP_FAILED' : 'BOOT_FAILED';
  throw new ReveilleError(name, `the command for ${step} could not be run (${code}): is the disk full?`);
}

/** What a worker that ends leaves behind goes on, and whoever comes next finds its result. */
function ended(child: ChildProcess, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      if (!isShutdown(signal.reason) && child.pid !== undefined) endGroup(child.pid);
      child.unref();
      finish(() => reject(signal.reason));
    };
    const finish = (end: () => void) => {
      signal.removeEventListener('abort', abort);
      end();
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    child.once('error', (error) => finish(() => resolve(error.message)));
    child.once('exit', (code, killer) => finish(() => resolve(killer ?? `exit code ${code}`)));
  });
}

const isShutdown = (reason: unknown): boolean => String(reason).includes('WORKER_SHUTDOWN');

/** The shim passes it on to its command, or gives up its place in the queue. */
function endGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}

function readAnswer(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  } finally {
    rmSync(file, { force: true });
  }
}

/** First line of a generation's part, where a check is run: by nobody but us. */
export const checkHeader = (generation: number): string =>
  LogFile.header(`generation ${generation}, check, ${new Date().toISOString()}`);
