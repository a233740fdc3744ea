import { Generations } from '../../host/generations.js';
import type { Info } from './state.js';

/**
 * What this host keeps of one resource, in `<state>/docker/<name>/`; beside what all generations have:
 * - `G.started.ID`: how G found the container: paused, or when it had been started the last time.
 */
export class Record extends Generations {
  /**
   * Notes, once, how a generation found a container that it is about to start.
   * @returns whether it is as it was found: neither started nor set going again since.
   */
  noteStart(generation: number, { Id, State }: Pick<Info, 'Id' | 'State'>): boolean {
    const file = `${generation}.started.${Id.slice(0, 12)}`;
    const now = State.Paused ? 'paused' : State.StartedAt;
    this.mark(file, now);
    return this.read(file) === now;
  }
}
