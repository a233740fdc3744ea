export interface ErrorEntry {
  /** HTTP status where the error reaches a client. */
  readonly status: number;
  /** One line: what happened. */
  readonly title: string;
  /** What the reader does about it. */
  readonly remedy: string;
}
