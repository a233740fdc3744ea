import { Generations } from '../../host/generations.js';

/**
 * What this host keeps of one resource, in `<state>/http/<name>/`; beside what all generations have:
 * - `G.spawn.N`: the N-th spawn for generation G is about to be sent. Written before it is sent, by one worker: so
 *   whoever comes after a worker that died or paused there looks for its machine, and does not spawn another.
 * - `G.refused.N`: the service has said that it did not take that one.
 * - `G.up`: the machine of G has been seen.
 * - `G.ended.stop`, `G.ended.delete`: that call has succeeded for G.
 */
export class SpawnRecord extends Generations {
  /** Whether a spawn was sent for that generation, as far as anybody knows, and not refused. */
  isSpawned(generation: number): boolean {
    return this.count(generation, 'spawn') > this.count(generation, 'refused');
  }

  /**
   * Whether an older generation has spawned something that nobody here has seen or stopped since: it may still come.
   * @param withinMs of its boot, of which a generation is the clock time: a worker of another host may have seen to it.
   */
  isAwaited(generation: number, withinMs: number): boolean {
    const sealed = Math.max(0, ...this.generations('sealed'), Date.now() - withinMs);
    const older = this.generations('spawn').filter((one) => one < generation && one > sealed);
    return older.some((one) => this.isSpawned(one) && this.read(`${one}.up`) === undefined);
  }

  /** @returns the number of the spawn that the caller is to send; undefined where another worker does. */
  intend(generation: number): number | undefined {
    const turn = this.count(generation, 'refused') + 1;
    return this.mark(`${generation}.spawn.${turn}`, '') ? turn : undefined;
  }

  refuse(generation: number, turn: number): void {
    this.mark(`${generation}.refused.${turn}`, '');
  }

  noteUp(generation: number): void {
    this.mark(`${generation}.up`, '');
  }

  noteEnded(generation: number, call: 'stop' | 'delete'): void {
    this.mark(`${generation}.ended.${call}`, '');
  }

  /** Whether that call, or one that does more, has succeeded for it. */
  hasEnded(generation: number, call: 'stop' | 'delete'): boolean {
    const calls = call === 'stop' ? ['stop', 'delete'] : ['delete'];
    return calls.some((one) => this.read(`${generation}.ended.${one}`) !== undefined);
  }

  private count(generation: number, what: string): number {
    return this.entries().filter((entry) => entry.startsWith(`${generation}.${what}.`)).length;
  }

  private generations(what: string): number[] {
    const marks = this.entries().filter((entry) => entry.split('.')[1] === what);
    return [...new Set(marks.map((entry) => Number.parseInt(entry, 10)))];
  }
}
