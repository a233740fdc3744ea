import { fork } from 'node:child_process';
import { ReveilleError } from '../../../../errors/index.js';
import type { FromChild, Go, Task } from './messages.js';

/** More than a hundred peers and a few pieces need. */
const MAX_HEAP_MIB = 512;
const TAIL_CHARACTERS = 500;

/**
 * Runs a task in a process of its own, which ends with this one, until `hear` gives something other than undefined.
 * @param hear told what the process says; may answer it.
 * @throws what `hear` throws; ReveilleError IMAGE_TORRENT_FAILED where it says so or ends; the signal's reason.
 */
export async function runTorrentTask<T>(
  task: Task,
  signal: AbortSignal,
  hear: (message: FromChild, say: (message: Go) => void) => Promise<T | undefined> | T | undefined,
): Promise<T> {
  signal.throwIfAborted();
  const child = fork(new URL('./child.js', import.meta.url), [], {
    execArgv: [`--max-old-space-size=${MAX_HEAP_MIB}`],
    // It talks to strangers: nothing of this process's environment is its to know.
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL_CHARACTERS);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const abort = new AbortController();
  try {
    return await new Promise<T>((resolve, reject) => {
      const settle = async (message: FromChild): Promise<void> => {
        if (message.is === 'failed') throw failed(message.why);
        const result = await hear(message, (answer) => void (child.connected && child.send(answer)));
        if (result !== undefined) resolve(result);
      };
      child.on('message', (message: FromChild) => void settle(message).catch(reject));
      child.once('error', reject);
      child.once('exit', (code, by) => reject(failed(`its process ended (${by ?? code}) ${tail}`)));
      signal.addEventListener('abort', () => reject(signal.reason), { signal: abort.signal });
      child.send(task);
    });
  } finally {
    abort.abort();
    child.kill('SIGKILL');
    await exited;
  }
}

const failed = (why: string): ReveilleError => new ReveilleError('IMAGE_TORRENT_FAILED', why.trim());
