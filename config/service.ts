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
  /** Has all parts of Reveille read the configuration again, as far as this one can. */
  reloadAll?: () => void;
  /** Sockets for the proxy's TCP doors; absent where it listens by itself. */
  handed?: Handed;
}

/** Listening sockets that another process holds, for doors that come and go with the configuration. */
export interface Handed {
  /**
   * The socket for HOST:PORT, as a handle that `net.Server.listen` takes. Waits a while for one that is on its way.
   * @returns undefined where none comes: who holds them goes by another file.
   */
  take(address: string): Promise<object | undefined>;
  /** Closes those that nobody took and nobody will. */
  keepOnly(wanted: (address: string) => boolean): void;
}

/** A running part. Its process is hosted by the command line: signals, reload, the parent's death. */
export interface Service {
  /** Where it listens, as HOST:PORT, where it does. */
  readonly address?: string;
  /** Takes a configuration that has been checked. */
  reload(config: Config): Promise<void>;
  /**
   * Ends in order; what it holds is let go within its own bounds.
   * @param ending whether another process takes its place: then clients that do nothing at the moment are not cut
   *   off, since what they are about to send would be lost.
   */
  close(ending?: Ending): Promise<void>;
}

/** `replaced`: somebody starts another in its place. `for good`: nobody does, or nobody is known to. */
export type Ending = 'replaced' | 'for good';

/** One line of JSON for each event, on standard error. */
export function createLogger(part: string, level: string): Logger {
  return pino({ name: part, level, base: { part } }, pino.destination({ dest: 2, sync: true }));
}
