import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadConfig, parseConfig } from '../../config/index.js';
import { root } from '../kit/scripts.js';
import { type Block, blocksOf } from '../kit/walk.js';

const guides = readdirSync(join(root, 'docs/guides'));
const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);
const yamlOf = (guide: string): string[] =>
  blocksOf(join('guides', guide)).flatMap(({ language, text }) => (language === 'yaml' ? [text] : []));

const isExample = ({ note }: Block): boolean => note.startsWith('examples/');

for (const guide of guides)
  test(`the configurations in docs/guides/${guide} are right`, () => {
    for (const text of yamlOf(guide)) parseConfig(text, guide);
  });

for (const example of examples)
  test(`examples/${example} is right`, () => {
    loadConfig(join(root, 'examples', example));
  });

for (const guide of guides)
  for (const { note, text } of blocksOf(join('guides', guide)).filter(isExample))
    test(`docs/guides/${guide} shows ${note} as it is`, () => {
      assert.deepEqual(parse(text), parse(readFileSync(join(root, note), 'utf8')));
    });
