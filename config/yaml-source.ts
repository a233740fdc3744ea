/** YAML text, what is wrong with it as YAML, and where in it each key stands. */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';

/** Keys and list positions from the root of the file. */
export type Path = readonly (string | number)[];

/** A path as people write it: `resources.app.routes[0]`. */
export function dotted(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

export interface Place {
  line: number;
  column: number;
}

/** Something wrong at a place; what it is worth saying about it. */
export interface Finding {
  path: Path;
  place: Place;
  message: string;
  expected?: string;
}

export interface YamlSource {
  /** The file as plain values; undefined where its syntax leaves it unclear what was meant. */
  data: unknown;
  findings: Finding[];
  /** Where the value of a path stands, or the nearest thing around it that is there. */
  placeOf(path: Path): Place;
  /** Where the key of a path stands, or the nearest thing around it that is there. */
  placeOfKey(path: Path): Place;
}

/** A configuration is written by hand: what is larger is another file. */
const MAX_LENGTH = 1024 * 1024;

/** Reads one YAML 1.2 document. Aliases, merge keys and tags are refused, duplicate keys told. Never throws. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const nothing = (message: string, expected: string): YamlSource => ({
    data: undefined,
    findings: [{ path: [], place: at(0), message, expected }],
    placeOf: () => at(0),
    placeOfKey: () => at(0),
  });
  if (text.length > MAX_LENGTH) return nothing('the file is too large', 'at most 1 MiB');
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
    const findings = [...syntaxFindings(document, at), ...refusals(document, at)];
    const unclear = findings.some((finding) => !finding.certain);
    return {
      data: unclear ? undefined : document.toJS({ maxAliasCount: 0 }),
      findings,
      placeOf: (path) => at(locate(document, path).value),
      placeOfKey: (path) => at(locate(document, path).key),
    };
  } catch (error) {
    if (error instanceof RangeError) return nothing('the file is nested too deeply', 'a few levels');
    throw error;
  }
}

/** `certain`: what the file means is clear in spite of it. */
type SyntaxFinding = Finding & { certain: boolean };

function syntaxFindings(document: Document.Parsed, at: (offset: number) => Place): SyntaxFinding[] {
  return [...document.errors, ...document.warnings].map((error) => {
    const place = at(error.pos[0]);
    const path = pathAt(document, error.pos[0]);
    if (error.code === 'DUPLICATE_KEY') {
      return {
        path,
        place,
        message: 'the key stands here a second time',
        expected: 'each key once',
        certain: true,
      };
    }
    if (error.code === 'TAG_RESOLVE_FAILED') {
      return {
        path,
        place,
        message: 'YAML tags are not understood',
        expected: 'a plain value',
        certain: true,
      };
    }
    if (error.code === 'MULTIPLE_DOCS') {
      return {
        path: [],
        place,
        message: 'a second document begins',
        expected: 'one document',
        certain: false,
      };
    }
    return { path, place, message: `not valid YAML: ${error.message}`, certain: false };
  });
}

/** What is YAML but no part of a configuration: with aliases, a short file can stand for an endless one. */
function refusals(document: Document.Parsed, at: (offset: number) => Place): SyntaxFinding[] {
  const found: SyntaxFinding[] = [];
  visit(document, {
    Alias(_, node, ancestors) {
      found.push({
        path: pathOfAncestors([...ancestors, node]),
        place: at(node.range?.[0] ?? 0),
        message: `the alias *${node.source} is not understood`,
        expected: 'the value written out',
        certain: false,
      });
    },
  });
  return found;
}

/** Offsets of a path's key and value; of the deepest part that exists, where it does not. */
function locate(document: Document.Parsed, path: Path): { key: number; value: number } {
  let node: unknown = document.contents;
  let found = { key: startOf(node) ?? 0, value: startOf(node) ?? 0 };
  for (const part of path) {
    if (isMap(node)) {
      // Of a key that stands twice the last one counts, as in the data.
      const pair = node.items.findLast((item) => keyText(item.key) === String(part));
      if (!pair) break;
      const key = startOf(pair.key) ?? found.key;
      // The value of a mapping begins on a line of its own: its key is what the reader looks for.
      found = {
        key,
        value: isScalar(pair.value) && pair.value.source !== '' ? (startOf(pair.value) ?? key) : key,
      };
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(part)];
      const start = startOf(item);
      if (start === undefined) break;
      found = { key: start, value: start };
      node = item;
    } else break;
  }
  return found;
}

/** Path of the last key or value that begins at the offset or before it. */
function pathAt(document: Document.Parsed, offset: number): Path {
  let path: Path = [];
  visit(document, {
    Scalar(_, node, ancestors) {
      if ((startOf(node) ?? offset + 1) <= offset) path = pathOfAncestors([...ancestors, node]);
    },
  });
  return path;
}

function pathOfAncestors(nodes: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  nodes.forEach((node, index) => {
    const parent = nodes[index - 1];
    if (isPair(node)) path.push(keyText(node.key));
    else if (isSeq(parent) && !isPair(node)) path.push(parent.items.indexOf(node));
  });
  return path;
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : isAlias(key) ? key.source : String(key);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
