import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../config/index.js';
import { root } from '../kit/scripts.js';

const page = readFileSync(join(root, 'docs/coming-from.md'), 'utf8');
/** Heading of each system's section, with how many features and faults it has. */
const SYSTEMS: Record<string, Record<string, number>> = {
  ImageProxy: { IP: 17, IPF: 9 },
  'Sleeping Beauty': { SB: 17, SBF: 9 },
  'The smart proxy': { SP: 8, SPF: 8 },
  vmproxy: { VP: 23, VPF: 7 },
};
const OTHERS = ['Sablier', 'JupyterHub', 'KEDA'];

const sectionOf = (heading: string): string =>
  page.split(/^## /m).find((one) => one.startsWith(heading)) ?? '';

for (const [system, ids] of Object.entries(SYSTEMS)) {
  test(`whoever comes from ${system} finds each row and each fault, with what does it here`, () => {
    const rows = [...sectionOf(system).matchAll(/^\| ([A-Z]+\d+) \| (.+) \| (.+) \|$/gm)];
    const wanted = Object.entries(ids).flatMap(([prefix, count]) =>
      Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`),
    );
    assert.deepEqual(
      rows.map(([, id]) => id),
      wanted,
    );
  });
}

for (const system of [...Object.keys(SYSTEMS), ...OTHERS]) {
  test(`the configurations that ${system}'s users are shown are right`, () => {
    const blocks = [...sectionOf(system).matchAll(/^```yaml\n(.*?)^```$/gms)];
    assert.notEqual(blocks.length, 0);
    for (const [, text = ''] of blocks) parseConfig(text, 'reveille.yaml');
  });
}
