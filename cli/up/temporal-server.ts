import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { EMBEDDED_ARGUMENTS } from '../../temporal/index.js';
import type { LogFile } from './log-file.js';
import { tailOf } from './log-tail.js';
import type { ChildSpec } from './supervisor.js';
import { TemporalDatabase } from './temporal-database.js';

const RETENTION = '30 days';
const CONNECT_TIMEOUT_MS = 1000;
const ASK_AGAIN_MS = 50;

/**
 * Runs the server and ends it when the pipe at descriptor 3 closes: that is when `up` is gone, even by
 * SIGKILL. A second later, since proxy and worker end just then and have something to tell it. A SIGTERM goes to the whole group, so to the server itself; this shell only waits for it.
 */
const WATCHED = `
"$@" 3<&- &
server=$!
trap : TERM INT HUP
(
  trap - TERM INT HUP
  read -r gone <&3
  sleep 1
  kill -TERM $server 2>/dev/null
  tries=0
  while [ $tries -lt 50 ] && kill -0 $server 2>/dev/null; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL $server 2>/dev/null
) &
watcher=$!
exec 3<&-
wait $server
code=$?
while kill -0 $server 2>/dev/null; do wait $server; code=$?; done
kill $watcher 2>/dev/null
exit $code
`;

export interface TemporalServerOptions {
  /** Path of the binary. */
  binary: string;
  port: number;
  uiPort: number;
  /** Absolute path of the SQLite file. */
  database: string;
  log: LogFile;
  say(line: string): void;
}

/** The embedded Temporal server as a child. */
export function temporalSpec(options: TemporalServerOptions): ChildSpec {
  const { binary, port, log } = options;
  const database = new TemporalDatabase(options.database, options.say);
  return {
    name: 'Temporal',
    spawn: () => {
      database.prepare();
      const logFd = log.open();
      try {
        return spawn('sh', ['-c', WATCHED, 'reveille', binary, ...serverArguments(options)], {
          detached: true,
          stdio: ['ignore', logFd, logFd, 'pipe'],
        });
      } finally {
        closeSync(logFd);
      }
    },
    ready: async (_child, signal) => {
      await prepareNamespace(`127.0.0.1:${port}`, signal);
      database.finished();
    },
    terminate: terminateGroup,
    mend: () => database.mend(tailOf(log.path)),
    logTail: () => tailOf(log.path),
  };
}

function serverArguments({ port, uiPort, database }: TemporalServerOptions): string[] {
  return [
    ...['server', 'start-dev', '--port', `${port}`, '--ui-port', `${uiPort}`],
    ...['--db-filename', database],
    ...EMBEDDED_ARGUMENTS,
    ...['--log-level', 'warn', '--log-format', 'json'],
  ];
}

/** Asks until the server answers, then sets how long it keeps what is closed: the past of the resources. */
async function prepareNamespace(address: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let connection: Connection | undefined;
    try {
      connection = await Connection.connect({ address, connectTimeout: CONNECT_TIMEOUT_MS });
      await connection.workflowService.updateNamespace({
        namespace: 'default',
        config: { workflowExecutionRetentionTtl: msToTs(RETENTION) },
      });
      return;
    } catch {
      // Not up yet; should it not come up, the supervisor sees it end.
      await delay(ASK_AGAIN_MS);
    } finally {
      await connection?.close();
    }
  }
}

function terminateGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended meanwhile.
  }
}
