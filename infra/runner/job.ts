import { readFileSync } from 'node:fs';

/** One operation on one stack, as the provider `pulumi` asks for it on standard input. */
export interface Job {
  readonly kind: 'up' | 'destroy' | 'preview';
  /** The resource. */
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
  readonly stack: string;
  readonly project: string;
  /** URL of the state backend. */
  readonly backend: string;
  /** Of this resource: lock, records, the stack's settings. Absolute. */
  readonly folder: string;
  /** Of the configuration file: where relative paths begin. Absolute. */
  readonly configFolder: string;
  /** Name of a template of ours, or the absolute path of a module. */
  readonly template: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Those of the arguments that references brought in: they are encrypted in the state. */
  readonly secrets: readonly string[];
  /** Names template and arguments: an `up` that was done with it is not done again. */
  readonly wanted: string;
  readonly generation: number;
  /** The Pulumi command line. Absolute. */
  readonly cli: string;
  /** Of the operation; then it is interrupted. */
  readonly timeoutMs: number;
  /** From the interrupt to the end of all processes. */
  readonly graceMs: number;
  /** Where the result is written. Absolute. */
  readonly result: string;
}

/** What the outputs of a template say: which provider wakes and stops the instance, with which settings. */
export interface Outputs {
  readonly provider: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly endpoint?: { readonly host?: string; readonly port?: number | 'auto' };
}

/** `stack.json`: the last `up` that came to its end. */
export interface StackRecord {
  readonly wanted: string;
  readonly stack: string;
  readonly backend: string;
  readonly outputs: Outputs;
}

export type Result =
  | { readonly state: 'done'; readonly record?: StackRecord; readonly text?: string }
  /** A younger generation, or the end of this one, was first, and nothing was done. */
  | { readonly state: 'stale'; readonly younger?: number }
  | { readonly state: 'failed'; readonly code: 'failed' | 'locked' | 'timeout'; readonly message: string };

export const readJob = (): Job => JSON.parse(readFileSync(0, 'utf8')) as Job;
