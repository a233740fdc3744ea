import type { Config, Logger } from '../../config/index.js';

/** What providers of this host's things are made with. */
export interface HostServices {
  /** Looked at each time it is used: a reload may put another one here. */
  config: Config;
  /** Absolute. */
  readonly stateDir: string;
  /** The name under which this machine's instances are known. */
  readonly host: string;
  readonly log: Logger;
}
