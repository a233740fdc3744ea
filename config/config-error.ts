import { relative } from 'node:path';
import { ReveilleError } from '../errors/index.js';

/** One thing that is wrong in a configuration file. */
export interface ConfigIssue {
  /** As it was named when it was loaded. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** Dotted path such as `resources.hello.idle.after` or `proxy.trusted[0]`; empty for the file as a whole. */
  key: string;
  /** What is wrong: `"20" is not a duration`. */
  message: string;
  /** What would be right, where there is something to say. */
  expected?: string;
}

/** `reveille.yaml:12:5 resources.hello.idle.after: "20" is not a duration; expected 500ms, 20s, 15m or 1h30m` */
export function formatIssue(issue: ConfigIssue): string {
  const place = `${shortName(issue.file)}:${issue.line}:${issue.column}`;
  const key = issue.key === '' ? '' : ` ${issue.key}`;
  const expected = issue.expected === undefined ? '' : `; expected ${issue.expected}`;
  return `${place}${key}: ${issue.message}${expected}`;
}

/** A configuration that cannot be used. `message` has a line for each issue. */
export class ConfigError extends ReveilleError {
  readonly issues: readonly ConfigIssue[];

  constructor(
    code: 'CONFIG_INVALID' | 'CONFIG_NOT_FOUND',
    message: string,
    issues: readonly ConfigIssue[] = [],
    cause?: unknown,
  ) {
    super(code, message, cause === undefined ? {} : { cause });
    this.issues = issues;
  }
}

/** Relative to the working directory where the file is below it: what a reader can click on. */
function shortName(file: string): string {
  const name = relative(process.cwd(), file);
  return name === '' || name.startsWith('..') ? file : name;
}
