import { relative } from 'node:path';
import { inspect } from 'node:util';

const SLOW_MS = 5000;
const SLOW_SHOWN = 10;
const ABSENT = /^engine absent/;

/**
 * Prints failures as they happen, with the file and the stack, a line for each file's end, the slowest tests,
 * and as the last line `N passed, N failed, N skipped`.
 * @param {AsyncIterable<{type: string, data: any}>} events of node:test's `run`
 * @param {{root: string, failOnAbsentEngines: boolean, write?: (text: string) => void}} options
 * @returns {Promise<{passed: number, failed: number, skipped: number}>}
 */
export async function report(
  events,
  { root, failOnAbsentEngines, write = (text) => process.stdout.write(text) },
) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const slow = [];
  const skips = new Map();
  const place = (data) =>
    relative(root, data.file ?? '')
      .replace(/^dist\//, '')
      .replace(/\.js$/, '');
  const fail = (data, text) => {
    counts.failed++;
    write(
      `\nFAILED  ${data.name}\n  in ${place(data)}${data.line ? `, line ${data.line}` : ''}\n${indent(text)}\n`,
    );
  };
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') write(data.message);
    // Why a file failed whose tests all passed.
    if (type === 'test:diagnostic' && data.message.startsWith('Error:')) write(`${data.message}\n`);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite') continue;
    const { name, skip } = data;
    const took = data.details?.duration_ms ?? 0;
    if (took > SLOW_MS) slow.push({ name, took, where: place(data) });
    if (type === 'test:fail') fail(data, describe(data.details.error));
    else if (skip !== undefined && failOnAbsentEngines && ABSENT.test(String(skip))) fail(data, String(skip));
    else if (skip !== undefined) {
      counts.skipped++;
      skips.set(String(skip), (skips.get(String(skip)) ?? 0) + 1);
    } else counts.passed++;
  }
  for (const [reason, count] of skips) write(`skipped ${count}: ${reason}\n`);
  slow.sort((a, b) => b.took - a.took);
  for (const { name, took, where } of slow.slice(0, SLOW_SHOWN)) {
    write(`slow: ${(took / 1000).toFixed(1)} s  ${name} (${where})\n`);
  }
  write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  return counts;
}

/** The error of the test itself: the runner wraps it. */
function describe(error) {
  if (error?.exitCode !== undefined) return `the file's process ended with ${error.signal ?? error.exitCode}`;
  const cause = error?.code === 'ERR_TEST_FAILURE' && error.cause ? error.cause : error;
  return typeof cause === 'string' ? cause : inspect(cause, { depth: 4 });
}

const indent = (text) => text.replace(/^/gm, '    ');
