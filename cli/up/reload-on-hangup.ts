import { closeSync, openSync } from 'node:fs';
import type { Config } from '../../config/index.js';
import type { EndSignals } from './end-signals.js';
import type { Running } from './shutdown.js';

interface Hangup {
  readonly signals: EndSignals;
  readonly say: (line: string) => void;
  /** @throws where what it reads is wrong. */
  readonly read: () => Config;
}

/**
 * SIGHUP: checks the changed file, and where it is right has the parts read it. The same signal is what a
 * terminal sends when it is closed: then it is the end.
 * @returns takes the watch back
 */
export function reloadOnHangup(running: Running, { signals, say, read }: Hangup): () => void {
  const hadTerminal = hasTerminal();
  let queue = Promise.resolve();
  const onHangup = () => {
    if (hadTerminal && !hasTerminal()) signals.raise();
    else queue = queue.then(() => reload(running, say, read));
  };
  process.on('SIGHUP', onHangup);
  return () => {
    process.off('SIGHUP', onHangup);
    // The end has begun: a hang-up must not cut it short.
    process.on('SIGHUP', () => {});
  };
}

async function reload(running: Running, say: Hangup['say'], read: Hangup['read']): Promise<void> {
  try {
    const config = read();
    const { added, settle } = await running.doors.adjust(config);
    running.config = config;
    // Before the signal: the proxy waits for those of its new file.
    running.proxy?.withChild((child) => running.doors.handTo(child, added));
    for (const part of [running.worker, running.proxy, running.control]) part?.signal('SIGHUP');
    settle();
    say('the configuration is read again');
  } catch (error) {
    say(
      `the configuration is refused, the old one stays:\n${error instanceof Error ? error.message : error}`,
    );
  }
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
