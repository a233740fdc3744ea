// Lists the features and faults of the seed systems that no test's name begins with yet, such as `SB10: …`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Prefix and how many ids it has: the smart proxy, vmproxy, sleeping-beauty, ImageProxy; F stands for faults. */
const IDS = { SP: 8, SPF: 8, VP: 23, VPF: 7, SB: 17, SBF: 9, IP: 17, IPF: 9 };

const tests = fileURLToPath(new URL('../test', import.meta.url));
const named = new Set();
for (const file of readdirSync(tests, { recursive: true })) {
  if (!String(file).endsWith('.test.ts')) continue;
  // A name may carry several: `SP6, VP12: …`.
  for (const [, ids] of readFileSync(join(tests, String(file)), 'utf8').matchAll(
    /['"`]((?:[A-Z]+\d+(?:, )?)+): /g,
  )) {
    for (const id of ids.split(', ')) named.add(id);
  }
}
for (const [prefix, count] of Object.entries(IDS)) {
  const missing = Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`).filter(
    (id) => !named.has(id),
  );
  console.log(
    `${prefix}: ${count - missing.length} of ${count} named${missing.length > 0 ? `; not yet ${missing.join(' ')}` : ''}`,
  );
}
