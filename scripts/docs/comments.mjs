import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The doc comments of the schema's keys, read from its source: what an editor shows and what the page says are the
 * same words.
 */
export class Comments {
  /** Source of each constant, by its name. */
  #sources = new Map();

  constructor(folder) {
    for (const name of readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.ts'))) {
      const text = readFileSync(join(folder, name), 'utf8');
      for (const { 1: constant, index } of text.matchAll(/^(?:export )?const (\w+) =/gm)) {
        this.#sources.set(constant, text.slice(index, endOf(text, text.indexOf('=', index) + 1, ';')));
      }
    }
  }

  /**
   * What stands above the last key of a path that begins in that constant, and what in its place says more.
   * @param {string} constant
   * @param {readonly string[]} path
   * @returns {string | undefined}
   */
  of(constant, path) {
    let places = [this.#sources.get(constant) ?? ''];
    let comment;
    for (const key of path) {
      const found = places.map((place) => this.#find(place, key, new Set())).find(Boolean);
      if (!found) return undefined;
      comment = found.comment;
      places = [found.value];
    }
    return comment;
  }

  /** In that source or else in that of the constants that it names. */
  #find(source, key, seen) {
    const here = keysIn(source)
      .filter(({ name }) => name === key)
      .sort((a, b) => a.depth - b.depth)[0];
    if (here) return here;
    for (const [constant] of source.matchAll(/\b[a-zA-Z]\w*\b/g)) {
      if (seen.has(constant) || !this.#sources.has(constant)) continue;
      seen.add(constant);
      const there = this.#find(this.#sources.get(constant), key, seen);
      if (there) return there;
    }
    return undefined;
  }
}

/** Keys with a doc comment: how deep they stand, and the source of their values. */
function keysIn(source) {
  const commented = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(\w+)(?=\s*[:,])/g;
  return [...source.matchAll(commented)].map(({ 0: whole, 1: comment, 2: name, index }) => {
    const begin = index + whole.length;
    const shorthand = source[begin] === ',';
    return {
      name,
      comment: comment
        .replace(/^\s*\* ?/gm, '')
        .replace(/\s+/g, ' ')
        .trim(),
      depth: depthAt(source, index),
      value: shorthand ? name : source.slice(begin, endOf(source, begin, ',')),
    };
  });
}

const OPENING = '([{';
const CLOSING = ')]}';

function depthAt(source, index) {
  let depth = 0;
  for (const { character } of codeOf(source, 0, index)) {
    if (OPENING.includes(character)) depth++;
    else if (CLOSING.includes(character)) depth--;
  }
  return depth;
}

/** Where the expression that begins there ends: at that character, or where what is around it closes. */
function endOf(source, begin, character) {
  let depth = 0;
  for (const { character: next, index } of codeOf(source, begin, source.length)) {
    if (depth === 0 && (next === character || CLOSING.includes(next))) return index;
    if (OPENING.includes(next)) depth++;
    else if (CLOSING.includes(next)) depth--;
  }
  return source.length;
}

/** Characters that are neither in a comment nor in a text nor in a regular expression. */
function* codeOf(source, begin, end) {
  const skipped =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[(,=:]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/\w*/y;
  for (let index = begin; index < end; index++) {
    skipped.lastIndex = index;
    const match = skipped.exec(source);
    if (match) index += match[0].length - 1;
    else yield { character: source[index], index };
  }
}
