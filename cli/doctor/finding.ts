/** What one look has shown. */
export interface Finding {
  /** What was looked at, in a word. */
  check: string;
  /** warning: it goes on, perhaps with less. skipped: it cannot be seen from here. */
  result: 'ok' | 'skipped' | 'warning' | 'wrong';
  /** What is so, in one line. */
  message: string;
  /** What to do about it. */
  remedy?: string;
}

/** Makes the findings of one check. */
export function findingsOf(check: string) {
  return {
    ok: (message: string): Finding => ({ check, result: 'ok', message }),
    skipped: (message: string): Finding => ({ check, result: 'skipped', message }),
    warning: (message: string, remedy: string): Finding => ({ check, result: 'warning', message, remedy }),
    wrong: (message: string, remedy: string): Finding => ({ check, result: 'wrong', message, remedy }),
  };
}

/** The first line of what an error says. */
export const saying = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';

/** The code of an error of the system, such as ECONNREFUSED. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
