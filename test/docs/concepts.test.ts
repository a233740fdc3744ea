import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KNOWN_PHASES } from '../../control/contract.js';
import { root } from '../kit/scripts.js';

const read = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');

test('the concepts and their picture have every phase, and no other', () => {
  const listed = [...read('concepts.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, phase]) => phase);
  assert.deepEqual(listed.sort(), [...KNOWN_PHASES].sort());
  const drawn = [...read('images/life.svg').matchAll(/<text x="\d+" y="\d+">(\w+)</g)].map(
    ([, word]) => word,
  );
  assert.deepEqual(drawn.sort(), [...KNOWN_PHASES].sort());
});
