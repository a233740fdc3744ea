import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a page that is made from the code; with `--check` among the words of the command line it only looks
 * whether the page is up to date, and says no by the exit code.
 * @param {string} usual the page's file, unless the command line names another
 * @param {string} text
 * @param {string} script what makes the page
 */
export function writeOrCheck(usual, text, script) {
  const words = process.argv.slice(2);
  const file = words.find((word) => !word.startsWith('--')) ?? usual;
  if (!words.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${file} is out of date: run node ${script}`);
    process.exitCode = 1;
  }
}
