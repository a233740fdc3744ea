/** What a benchmark is, and what it hands to the report. */

/** One module of `npm run bench`. It checks that the thing is right before it measures how fast it is. */
export interface Benchmark {
  /** The word that selects it: `npm run bench -- NAME`. */
  readonly name: string;
  /** One line: what it measures. */
  readonly about: string;
  /** @throws where what it measures is wrong: then there are no figures. */
  run(context: BenchContext): Promise<BenchResult>;
}

export interface BenchContext {
  /** A folder of its own, removed afterwards. */
  readonly folder: string;
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal;
  /** Tells how far it is, on standard error. */
  say(progress: string): void;
  /** Undoes something at the end, however the benchmark ends; the last one comes first. */
  defer(undo: () => void | Promise<void>): void;
}

/** The bounds that design.md sets ('Budgets'). */
export interface Budget {
  /** Whether a larger or a smaller value is the better one. */
  readonly better: 'larger' | 'smaller';
  /** The least that is asked for. */
  readonly least: number;
  readonly aim?: number;
}

/** One line of the table. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  /** Such as `ms`, `µs`, `KiB`; empty for a ratio. */
  readonly unit: string;
  readonly budget?: Budget;
}

export interface Bars {
  readonly kind: 'bars';
  /** Name of its file, without ending; unique among all plots. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

/** Each series is drawn as the share of its values that are at most x. */
export interface Distribution {
  readonly kind: 'distribution';
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly series: readonly { readonly label: string; readonly values: readonly number[] }[];
}

export type Plot = Bars | Distribution;

export interface BenchResult {
  readonly figures: readonly Figure[];
  readonly plots: readonly Plot[];
  /** What a reader must know: what was absent, thrown away, disturbed. */
  readonly notes: readonly string[];
  /** All that was measured, for the JSON file. */
  readonly raw: unknown;
}
