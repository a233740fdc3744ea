import { closeSync, openSync } from 'node:fs';
import { loadConfig } from '../../config/index.js';
import type { EndSignals } from './end-signals.js';
import type { Running } from './shutdown.js';

/**
 * SIGHUP: checks the changed file, and where it is right has the parts read it. The same signal is what a
 * terminal sends when it is closed: then it is the end.
 * @returns takes the watch back
 */
export function reloadOnHangup(
  running: Running,
  signals: EndSignals,
  say: (line: string) => void,
): () => void {
  const hadTerminal = hasTerminal();
  const onHangup = () => {
    if (hadTerminal && !hasTerminal()) signals.raise();
    else reload(running, say);
  };
  process.on('SIGHUP', onHangup);
  return () => {
    process.off('SIGHUP', onHangup);
    // The end has begun: a hang-up must not cut it short.
    process.on('SIGHUP', () => {});
  };
}

function reload(running: Running, say: (line: string) => void): void {
  try {
    running.config = { ...loadConfig(running.config.file ?? '') };
  } catch (error) {
    say(
      `the configuration is refused, the old one stays:\n${error instanceof Error ? error.message : error}`,
    );
    return;
  }
  for (const part of [running.worker, running.proxy, running.control]) part?.signal('SIGHUP');
  say('the configuration is read again');
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
