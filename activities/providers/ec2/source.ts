import type { Machine } from './machine.js';

/** Where a resource's instance comes from: it exists already, or is created. */
export interface Source {
  /**
   * The instances that are, or may become, this resource's.
   * @throws ReveilleError BOOT_FAILED where it is not clear which is meant.
   */
  look(): Promise<Machine[]>;
  /** There is none: makes one. @returns what came of it, where that is known yet. */
  make(): Promise<Machine | undefined>;
  /** Whether a stopped one is what is wanted today. */
  isWanted(machine: Machine): boolean;
  /** Ends it as a stop does. */
  end(machine: Machine, options?: { hibernate?: boolean; force?: boolean }): Promise<void>;
  /** Ends it for good, its disks too. */
  remove(machine: Machine): Promise<void>;
}
