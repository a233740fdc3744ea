import { createServer } from 'node:net';
import { type LogEntry, Runtime } from '@temporalio/worker';
import type { Logger } from '../config/index.js';

/**
 * Said of every queue that has activities only, which is most of ours; and of activities that fail, which
 * activities/lifecycle.ts tells without the instance's log.
 */
const EXPECTED = /^(No workflows registered|Activity failed$)/;

let installed = false;

/** In seconds, under names and types that Prometheus's conventions ask for. */
const PROMETHEUS = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true } as const;

let exportsAt: string | undefined;

/**
 * The SDK's runtime, once per process: its log goes to ours, and signals stay the command line's business.
 * @param exports whether it tells its metrics, by an exporter of its own. That knows neither tokens nor errors of
 *   ours, so it stays on loopback, behind our own server.
 * @returns the URL of these metrics.
 */
export async function installRuntime(log: Logger, exports = false): Promise<string | undefined> {
  if (installed) return exportsAt;
  installed = true;
  const metricsAt = exports ? await freeAddress() : undefined;
  const write = ({ level, message, meta }: Pick<LogEntry, 'level' | 'message' | 'meta'>) => {
    const fields = { sdk: true, ...meta };
    if (level === 'ERROR') log.error(fields, message);
    else if (level === 'WARN' && !EXPECTED.test(message)) log.warn(fields, message);
    else log.debug(fields, message);
  };
  const at = (level: LogEntry['level']) => (message: string, meta?: LogEntry['meta']) =>
    write({ level, message, ...(meta === undefined ? {} : { meta }) });
  Runtime.install({
    shutdownSignals: [],
    ...(metricsAt === undefined
      ? {}
      : { telemetryOptions: { metrics: { prometheus: { bindAddress: metricsAt, ...PROMETHEUS } } } }),
    logger: {
      log: (level, message, meta) => write({ level, message, ...(meta === undefined ? {} : { meta }) }),
      trace: at('TRACE'),
      debug: at('DEBUG'),
      info: at('INFO'),
      warn: at('WARN'),
      error: at('ERROR'),
    },
  });
  exportsAt = metricsAt === undefined ? undefined : `http://${metricsAt}/metrics`;
  return exportsAt;
}

/** The exporter does not tell which port it got, so that it is given one. */
async function freeAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
