import type { ResourceClient } from '../temporal/index.js';
import type { Phase } from '../workflows/messages.js';

/** An answer is good for so long: whoever asks for a sleeping resource again and again asks nobody else. */
const FRESH_MS = 1000;
const MAX_KNOWN = 10_000;

/** In which phase resources are, without waking them. */
export class PhaseLook {
  readonly #known = new Map<string, { phase: Promise<Phase>; until: number }>();

  constructor(private readonly resources: Pick<ResourceClient, 'openRun' | 'ready'>) {}

  /** At most one question a second for each. Never rejects: what cannot be asked counts as asleep. */
  of(resource: string): Promise<Phase> {
    const now = performance.now();
    const known = this.#known.get(resource);
    if (known !== undefined && now < known.until) return known.phase;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const entry = {
      phase: this.#ask(resource).catch((): Phase => 'asleep'),
      until: Number.POSITIVE_INFINITY,
    };
    this.#known.set(resource, entry);
    void entry.phase.then(() => {
      entry.until = performance.now() + FRESH_MS;
    });
    return entry.phase;
  }

  /** The server tells by itself whether anything runs; only then a worker is asked. */
  async #ask(resource: string): Promise<Phase> {
    const runId = await this.resources.openRun(resource);
    if (runId === undefined) return 'asleep';
    return (await this.resources.ready(resource, runId))?.phase ?? 'asleep';
  }
}
