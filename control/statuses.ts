/** How the awake resources are, with a bound on how many are asked at each reading. */
import type { Config } from '../config/index.js';
import type { OpenRun } from '../temporal/index.js';
import { inParallel } from './in-parallel.js';
import { type Known, type Plane, statusOf } from './plane.js';

/** Of up to so many each is asked at each reading: then what is told is as it is. */
const ASK_EACH = 64;

interface Told {
  runId: string;
  /** As the server's list had it then. */
  phase: string | undefined;
  known: Known;
  /** Monotonic clock, ms. */
  at: number;
}

/**
 * Keeps what was told, for all who read. Of many that are awake only some are asked again: those that are new, whose
 * phase has changed in the server's list, or of whom nobody has heard for `control.events.refresh`; and, so that these
 * do not all come due together, the part of them that makes one round in that time.
 */
export class Statuses {
  #told = new Map<string, Told>();

  constructor(private readonly plane: Plane) {}

  /** Never rejects. @returns by name, for each of the runs. */
  async of({ control: { events } }: Config, open: readonly OpenRun[]): Promise<Map<string, Known>> {
    if (open.length <= ASK_EACH) {
      this.#told.clear();
      const each = await inParallel(
        open,
        async ({ name }) => [name, await statusOf(this.plane, name)] as const,
      );
      return new Map(each);
    }
    const before = this.#told;
    const now = performance.now();
    const isDue = ({ name, runId, phase }: OpenRun) => {
      const told = before.get(name);
      return told?.runId !== runId || told.phase !== phase || now - told.at >= events.refresh;
    };
    const due = open.filter(isDue);
    const rest = open.filter((run) => !isDue(run)).sort((a, b) => atOf(before, a) - atOf(before, b));
    const share = Math.ceil(open.length * Math.min(1, events.every / events.refresh));
    const asked = [...due, ...rest.slice(0, Math.max(0, share - due.length))];
    const answers = await inParallel(asked, async ({ name, runId, phase }) => {
      const known = await statusOf(this.plane, name, runId);
      return [name, { runId, phase, known, at: performance.now() }] as const;
    });
    const news = new Map<string, Told>(answers);
    const told = new Map<string, Told>();
    for (const { name } of open) {
      const one = news.get(name) ?? before.get(name);
      if (one !== undefined) told.set(name, one);
    }
    this.#told = told;
    return new Map([...told].map(([name, { known }]) => [name, known]));
  }
}

const atOf = (told: ReadonlyMap<string, Told>, { name }: OpenRun): number => told.get(name)?.at ?? 0;
