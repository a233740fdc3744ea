import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { root } from '../kit/scripts.js';

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const withoutCode = (text: string): string =>
  text.replace(/^( *)```.*?^ *```/gms, '').replace(/`[^`\n]*`/g, '');

/** Anchors as GitHub makes them of headings: small letters, no punctuation, hyphens for spaces, numbers for repeats. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of read(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = seen.get(plain) ?? 0;
    seen.set(plain, count + 1);
    anchors.add(count === 0 ? plain : `${plain}-${count}`);
  }
  return anchors;
}

/** What is wrong with a relative link, if anything. */
function complaint(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(root, page) : join(root, dirname(page), path);
  if (!existsSync(target)) return `${page}: ${link}: there is no such file`;
  if (anchor === undefined || statSync(target).isDirectory() || !target.endsWith('.md')) return undefined;
  return anchorsOf(relative(root, target)).has(anchor)
    ? undefined
    : `${page}: ${link}: there is no such heading`;
}

test('every relative link and anchor of README.md and docs/ leads somewhere', () => {
  let count = 0;
  const complaints = pages.flatMap((page) =>
    [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      if (/^[a-z]+:/.test(link)) return [];
      count += 1;
      return complaint(page, link) ?? [];
    }),
  );
  assert.deepEqual(complaints, []);
  assert.ok(count > 40, `${count} links`);
});

test('docs/index.md leads to every page of docs/', () => {
  const linked = new Set([...read('docs/index.md').matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) => link));
  const missing = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.md') && name !== 'index.md' && !linked.has(name),
  );
  assert.deepEqual(missing, []);
});
