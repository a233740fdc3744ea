/** From what is wrong to the error that says it. */
import { ConfigError, type ConfigIssue, formatIssue } from './config-error.js';
import type { SchemaFinding } from './schema-issues.js';
import { dotted, type Finding, type YamlSource } from './yaml-source.js';

/** With where it stands. */
export function placed({ atKey, ...finding }: SchemaFinding, source: YamlSource): Finding {
  return { ...finding, place: atKey ? source.placeOfKey(finding.path) : source.placeOf(finding.path) };
}

/** One error with every finding, in the order of the file. */
export function invalid(findings: readonly Finding[], file: string): ConfigError {
  const issues = findings
    .map(
      ({ path, place, message, expected }): ConfigIssue => ({
        file,
        line: place.line,
        column: place.column,
        key: dotted(path),
        message,
        ...(expected === undefined ? {} : { expected }),
      }),
    )
    .sort((a, b) => a.line - b.line || a.column - b.column);
  return new ConfigError('CONFIG_INVALID', issues.map(formatIssue).join('\n'), issues);
}
