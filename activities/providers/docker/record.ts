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
    const file = startMark(generation, Id);
    const now = State.Paused ? 'paused' : State.StartedAt;
    this.mark(file, now);
    return this.read(file) === now;
  }

  /** Whether an older generation was about to start that container. */
  startedBefore(generation: number, id: string): boolean {
    const end = startMark('', id);
    return this.entries().some((entry) => entry.endsWith(end) && Number.parseInt(entry, 10) < generation);
  }
}

const startMark = (generation: number | '', id: string): string => `${generation}.started.${id.slice(0, 12)}`;
