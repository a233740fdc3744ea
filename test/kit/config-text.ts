import assert from 'node:assert/strict';
import { ConfigError, formatIssue, parseConfig } from '../../config/index.js';

/** A resource that is right, for texts in which something else is to be wrong. Indented as below `resources:`. */
export const hello = `  hello:
    provider: process
    process: { command: [node, server.js] }
`;

/** What is wrong with a text, as `reveille check` prints it for the file `r.yaml`. */
export function issuesOf(text: string): string[] {
  try {
    parseConfig(text, 'r.yaml');
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error.issues.map(formatIssue);
  }
  return [];
}
