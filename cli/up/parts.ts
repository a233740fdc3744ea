import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PartMessage } from '../service-host.js';
import type { LogFile } from './log-file.js';
import { tailOf } from './log-tail.js';
import type { ChildSpec } from './supervisor.js';

/** Number of the descriptor under which a part finds the socket that `up` holds for it. */
const LISTEN_FD = 4;

export interface PartOptions {
  part: 'worker' | 'proxy' | 'control';
  configFile: string;
  log: LogFile;
  /** Descriptor of a listening socket to hand over. */
  listenFd?: number;
  /** Called with each child that is started: gives it more sockets. */
  onSpawn?(child: ChildProcess): void;
  /** What is run, by this Node. Default: this package's own launcher. */
  launcher?: string;
}

/** `reveille worker`, `proxy` or `control` as a child that ends when this process does. */
export function partSpec(options: PartOptions): ChildSpec {
  const { part, configFile, log, listenFd } = options;
  const launcher = options.launcher ?? fileURLToPath(new URL('../../../bin/reveille.mjs', import.meta.url));
  return {
    name: part,
    spawn: () => {
      const logFd = log.open();
      try {
        const child = spawn(process.execPath, [launcher, part, '--config', configFile], {
          detached: true,
          // The channel tells it that we are gone, however we went.
          stdio: ['ignore', logFd, logFd, 'ipc', ...(listenFd === undefined ? [] : [listenFd])],
          env: {
            ...process.env,
            ...(listenFd === undefined ? {} : { REVEILLE_LISTEN_FD: String(LISTEN_FD) }),
          },
        });
        options.onSpawn?.(child);
        return child;
      } finally {
        closeSync(logFd);
      }
    },
    ready: (child, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        child.on('message', (message: PartMessage) => {
          if (message.kind === 'ready') resolve();
        });
      }),
    leaving: (child) =>
      new Promise((resolve) => {
        child.on('message', (message: PartMessage) => {
          if (message.kind === 'ending') resolve();
        });
      }),
    // For good: SIGTERM is what somebody sends to have it replaced.
    terminate: (child) => child.kill('SIGINT'),
    logTail: () => tailOf(log.path),
  };
}
