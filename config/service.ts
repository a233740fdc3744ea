import { type Logger, pino } from 'pino';
import type { Config } from './schema.js';

export type { Logger };

/** What a part of Reveille (worker, proxy, control) is started with. */
export interface ServiceOptions {
  config: Config;
  log: Logger;
  /** HMAC secret of calls between workers and proxies; see `readSecret`. */
  secret: string;
  /** A listening socket that somebody else holds, for the service's own front door. */
  listenFd?: number;
}

/** A running part. Its process is hosted by the command line: signals, reload, the parent's death. */
export interface Service {
  /** Where it listens, as HOST:PORT, where it does. */
  readonly address?: string;
  /** Takes a configuration that has been checked. */
  reload(config: Config): Promise<void>;
  /** Ends in order; what it holds is let go within its own bounds. */
  close(): Promise<void>;
}

/** One line of JSON for each event, on standard error. */
export function createLogger(part: string, level: string): Logger {
  return pino({ name: part, level, base: { part } }, pino.destination({ dest: 2, sync: true }));
}
