import type { Plan } from '../activities/contract.js';
import type { ConnectionBookState } from './connection-book.js';
import type { LeaseBookState } from './lease-book.js';
import type { Client, Failure, Instance, StepTiming } from './messages.js';

/** What a run hands to its successor (continue-as-new). Plain data. */
export interface Carried {
  /** Where the successor goes on: with the awake instance, in the backoff, or with a boot. */
  phase: 'ready' | 'failed' | 'booting';
  generation: number;
  plan?: Plan;
  instance?: Instance;
  book: LeaseBookState;
  connections?: ConnectionBookState;
  pin: false | true | number;
  wakeOutstanding: boolean;
  lastActivity: number;
  readyAt: number;
  adoptedAt?: number;
  attempts: number;
  losses: number;
  rechecks: number;
  boots: number;
  steps: StepTiming[];
  since: number;
  startedAt: number;
  wokenAt: number;
  wokenBy?: string;
  wokenFor?: string;
  client?: Client;
  failure?: Failure;
  retryAt?: number;
  backoff?: number;
}
