import { spawn } from 'node:child_process';
import { findTool } from '../../host/program.js';

/**
 * Gives the blocks of zeros of a file back to the disk: what it reads as stays the same. A file system that cannot do
 * it leaves the file as it is.
 */
export async function digHoles(file: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const words = ['--pdeathsig', 'KILL', findTool('fallocate'), '--dig-holes', '--', file];
  const child = spawn(findTool('setpriv'), words, { stdio: 'ignore' });
  const abort = () => child.kill('SIGKILL');
  signal.addEventListener('abort', abort);
  try {
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
  } finally {
    signal.removeEventListener('abort', abort);
  }
  signal.throwIfAborted();
}
