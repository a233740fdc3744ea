import { type LogEntry, Runtime } from '@temporalio/worker';
import type { Logger } from '../config/index.js';

/**
 * Said of every queue that has activities only, which is most of ours; and of activities that fail, which
 * activities/lifecycle.ts tells without the instance's log.
 */
const EXPECTED = /^(No workflows registered|Activity failed$)/;

let installed = false;

/** The SDK's runtime, once per process: its log goes to ours, and signals stay the command line's business. */
export function installRuntime(log: Logger): void {
  if (installed) return;
  installed = true;
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
    logger: {
      log: (level, message, meta) => write({ level, message, ...(meta === undefined ? {} : { meta }) }),
      trace: at('TRACE'),
      debug: at('DEBUG'),
      info: at('INFO'),
      warn: at('WARN'),
      error: at('ERROR'),
    },
  });
}
