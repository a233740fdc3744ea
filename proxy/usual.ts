import type { StepTiming } from '../workflows/messages.js';

/** Wakes of one name that are remembered: enough for a median that a single slow boot does not move. */
const KEPT = 20;
/** Names that are remembered; beyond it the one that woke longest ago is forgotten. */
const MAX_NAMES = 10_000;

/** How wakes usually went. */
export interface Usual {
  /** Milliseconds, the median of those remembered; without what images took, which are there the next time. */
  readonly totalMs: number;
  /** Steps of the last one, in their order. */
  readonly steps: readonly StepTiming['step'][];
}

/** A small memory of the wakes that this proxy saw, by the name that their numbers are shown under. */
export class UsualWakes {
  readonly #byLabel = new Map<string, { totals: number[]; steps: StepTiming['step'][] }>();

  note(label: string, steps: readonly StepTiming[]): void {
    if (steps.length === 0) return;
    const totals = this.#byLabel.get(label)?.totals ?? [];
    totals.push(steps.reduce((sum, { step, took }) => sum + (step === 'image' ? 0 : took), 0));
    if (totals.length > KEPT) totals.shift();
    // Taken out first: a Map keeps the order of insertion, so that the first is the one that woke longest ago.
    this.#byLabel.delete(label);
    this.#byLabel.set(label, { totals, steps: steps.map(({ step }) => step) });
    if (this.#byLabel.size <= MAX_NAMES) return;
    const [oldest] = this.#byLabel.keys();
    if (oldest !== undefined) this.#byLabel.delete(oldest);
  }

  of(label: string): Usual | undefined {
    const known = this.#byLabel.get(label);
    if (known === undefined) return undefined;
    const sorted = [...known.totals].sort((a, b) => a - b);
    return { totalMs: sorted[Math.floor(sorted.length / 2)] ?? 0, steps: known.steps };
  }
}
