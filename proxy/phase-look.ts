import { ReveilleError } from '../errors/index.js';
import type { ResourceClient } from '../temporal/index.js';
import type { ReadyState } from '../workflows/messages.js';
import type { WaitState } from './gate-contract.js';

/** An answer is good for so long: whoever asks for a sleeping resource again and again asks nobody else. */
const FRESH_MS = 1000;
const MAX_KNOWN = 10_000;
const ASLEEP: WaitState = { phase: 'asleep' };

/** In which phase resources are, without waking them. */
export class PhaseLook {
  readonly #known = new Map<string, { state: Promise<WaitState>; until: number }>();

  constructor(private readonly resources: Pick<ResourceClient, 'openRun' | 'ready'>) {}

  /** At most one question a second for each. Never rejects: what cannot be asked counts as asleep. */
  of(resource: string): Promise<WaitState> {
    const now = performance.now();
    const known = this.#known.get(resource);
    if (known !== undefined && now < known.until) return known.state;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    const entry = {
      state: this.#ask(resource).catch((): WaitState => ASLEEP),
      until: Number.POSITIVE_INFINITY,
    };
    this.#known.set(resource, entry);
    void entry.state.then(() => {
      entry.until = performance.now() + FRESH_MS;
    });
    return entry.state;
  }

  /** The server tells by itself whether anything runs; only then a worker is asked. */
  async #ask(resource: string): Promise<WaitState> {
    const runId = await this.resources.openRun(resource);
    if (runId === undefined) return ASLEEP;
    const ready = await this.resources.ready(resource, runId);
    return ready === undefined ? ASLEEP : waitStateOf(ready);
  }
}

function waitStateOf({ phase, progress, failure }: ReadyState): WaitState {
  if (phase !== 'failed' || failure === undefined) return { phase, progress };
  const { code, message, log } = failure;
  return { phase, progress, failure: new ReveilleError(code, message, log === undefined ? {} : { log }) };
}
