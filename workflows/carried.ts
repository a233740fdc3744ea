import type { Plan } from '../activities/contract.js';
import type { ConnectionBookState } from './connection-book.js';
import type { ExistenceState } from './existence.js';
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
  trace?: string;
  failure?: Failure;
  retryAt?: number;
  backoff?: number;
  /** Absent: from a run of an older Reveille. */
  existence?: ExistenceState;
}

/** Who woke it, of what is carried. */
export const carriedWaker = ({
  wokenAt,
  wokenBy,
  wokenFor,
  client,
  trace,
}: Waker): Pick<Carried, keyof Waker> => ({
  wokenAt,
  ...(wokenBy === undefined ? {} : { wokenBy }),
  ...(wokenFor === undefined ? {} : { wokenFor }),
  ...(client === undefined ? {} : { client }),
  ...(trace === undefined ? {} : { trace }),
});

interface Waker {
  wokenAt: number;
  wokenBy: string | undefined;
  wokenFor: string | undefined;
  client: Client | undefined;
  trace: string | undefined;
}

/** What goes on in the successor of an awake period or of a backoff. */
export const carriedDetails = ({ plan, instance, adoptedAt, failure, retryAt, backoff }: Details) => ({
  ...(plan ? { plan } : {}),
  ...(instance ? { instance } : {}),
  ...(adoptedAt === undefined ? {} : { adoptedAt }),
  ...(failure && retryAt !== undefined ? { failure, retryAt, backoff } : {}),
});

interface Details {
  plan: Plan | undefined;
  instance: Instance | undefined;
  adoptedAt: number | undefined;
  failure: Failure | undefined;
  retryAt: number | undefined;
  backoff: number;
}
