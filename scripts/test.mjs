// npm test [-- WORD …]: set-up, then all tests, or those whose path has one of the words.
import { existsSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { interruptible, prepare } from './setup/index.mjs';
import { ensureTemporal } from './setup/temporal.mjs';
import { report } from './test-report.mjs';

const FILES_AT_ONCE = 2;
/** So that a test that hangs is named, and the rest is told. */
const TIMEOUT_MS = 600_000;

const root = fileURLToPath(new URL('..', import.meta.url));
await interruptible(async (signal) => {
  await prepare({ root, signal });
  process.env.REVEILLE_TEMPORAL = await ensureTemporal({ signal });
});

const files = testFiles(process.argv.slice(2));
const summary = await report(
  run({ files, concurrency: Math.min(FILES_AT_ONCE, cpus().length), timeout: TIMEOUT_MS }),
  { root, failOnAbsentEngines: process.env.CI === 'true' },
);
process.exitCode = summary.failed > 0 || summary.passed === 0 ? 1 : 0;

/** By their sources: dist/ may hold what was compiled from a test that is no more. */
function testFiles(words) {
  return readdirSync(join(root, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
    .map((name) => join(root, 'dist/test', name.replace(/\.ts$/, '.js')))
    .filter((file) => existsSync(file))
    .sort();
}
