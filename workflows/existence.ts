/** Since when a life has an instance, which costs, and for how long it had one before. */
import { patched, upsertMemo } from '@temporalio/workflow';
import { EXISTED, type Existence } from './messages.js';

/** Of one run. Plain data. */
export interface ExistenceState extends Existence {
  /** The run tells it, and so has to tell each change. */
  told: boolean;
}

interface Existing {
  existence: ExistenceState;
}

/** From here on there may be an instance: what is being created costs as well. */
export function beginExistence({ existence }: Existing): void {
  existence.since ??= Date.now();
  if (existence.told) tell(existence);
}

/** Nothing of it is left, or it is another run's. */
export function endExistence({ existence }: Existing): void {
  const { since } = existence;
  if (since === undefined) return;
  existence.before += Date.now() - since;
  delete existence.since;
}

/** There is no instance, and there may be none for long: it waits for something else. */
export function pauseExistence({ existence }: Existing): void {
  // An execution of an older Reveille has not told it here.
  if (existence.since === undefined && patched('existence')) tell(existence);
}

function tell(existence: ExistenceState): void {
  existence.told = true;
  const { before, since } = existence;
  upsertMemo({ [EXISTED]: { before, ...(since === undefined ? {} : { since }) } satisfies Existence });
}

/** Of a successor that goes on with the instance: what was before is its predecessor's. */
export const carriedExistence = ({ existence: { told } }: Existing): ExistenceState => ({ before: 0, told });
