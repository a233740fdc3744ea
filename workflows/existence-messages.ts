/**
 * Memo in which a run tells the time that it has had an instance, `Existence`. Told only by runs that go on for a while
 * without one; of any other it is the whole run, from its beginning to its end.
 */
export const EXISTED = 'existed';

export interface Existence {
  /** Milliseconds in which the run had an instance, up to the last one's end. */
  before: number;
  /** Since when it has one now, by the workflow's clock in milliseconds since 1970. */
  since?: number;
}
