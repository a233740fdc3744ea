/**
 * What the gate of one resource says to its workflow, one thing after the other. Asks count in the order of their
 * arrival, and one that a later one overtakes is never answered (leases.md 1): a wake that is overtaken by the
 * release of an older generation would be lost.
 */
export class Line {
  private last: Promise<unknown> = Promise.resolve();

  /** Sends when all that was said before has been recorded or has failed. */
  say<T>(send: () => Promise<T>): Promise<T> {
    const said = this.last.then(send);
    this.last = said.catch(() => {});
    return said;
  }
}
