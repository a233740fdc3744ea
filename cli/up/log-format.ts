const WARN = 40;
const ERROR = 50;

/** One line of pino's JSON, as far as it is shown. */
interface LogLine {
  level?: number;
  msg?: string;
  err?: { message?: string };
  resource?: string;
}

/**
 * A line of a child's log for people.
 * @returns undefined where it is not worth the terminal: below warning
 */
export function formatLogLine(part: string, line: string): string | undefined {
  if (line.trim() === '') return undefined;
  const entry = parse(line);
  if (entry === undefined) return `${part}: ${line}`;
  const level = entry.level ?? 0;
  if (level < WARN) return undefined;
  const about = entry.resource === undefined ? '' : `${entry.resource}: `;
  const why = entry.err?.message;
  const message = [entry.msg, why === entry.msg ? undefined : why].filter(Boolean).join(': ');
  return `${part} ${level >= ERROR ? 'error' : 'warning'}: ${about}${message}`;
}

function parse(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
