import type { ProviderName } from '../../config/index.js';
import type { Desk } from './desk.js';

/** A provider as the suite sees it, on its real engine. */
export interface Subject {
  readonly provider: ProviderName;
  /** Programs of this machine without which the suite is skipped (test/kit/engines.ts). */
  readonly needs: readonly string[];
  /** `then: suspend` keeps its memory. */
  readonly suspends: boolean;
  /** Makes the engine ready, once for the whole suite. */
  open(): Promise<Engine>;
}

export interface Engine {
  /** Added to the environment of workers: where the engine is, say. */
  readonly env?: NodeJS.ProcessEnv;
  /** Keys of reveille.yaml beside the resources. */
  readonly top?: Record<string, string>;
  /**
   * A resource that runs the application of app.ts, as in reveille.yaml, without routes. The application is told to
   * end before it is ended, and has a minute for it.
   */
  resource(name: string, desk: Desk): Record<string, unknown>;
  /** What exists of it and may do something, suspended or not, as the engine itself tells: one word for each. */
  running(name: string, place: Place): Promise<string[]>;
  /** All that there is of it, asleep too: nothing after a delete. */
  remains(name: string, place: Place): Promise<string[]>;
  /** Ends the instance by the engine's own means, as a crash would. */
  kill(name: string, place: Place): Promise<void>;
  /** From now on every stop of it fails. @returns what mends that. */
  breakStops(name: string, place: Place): Promise<() => void | Promise<void>>;
  close(): Promise<void>;
}

/** Where a test takes place. */
export interface Place {
  readonly desk: Desk;
  /** Where workers keep what they know. */
  readonly stateDir: string;
}
