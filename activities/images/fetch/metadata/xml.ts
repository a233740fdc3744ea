/** A reader of very little XML: elements, text and comments. No attributes, no DTD, so no entities but the five. */

export interface Element {
  name: string;
  children: Element[];
  /** Its own text, without white space around it. */
  text: string;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** A declaration at the very start, a comment, a tag, or text. */
const TOKEN = /<!--(?:(?!--)[\s\S])*-->|<(\/?)([A-Za-z][\w.-]{0,63})\s*(\/?)>|([^<]+)/y;
const DECLARATION = /^\uFEFF?(?:<\?xml\s[^<>?]{0,100}\?>)?/;
const MAX_DEPTH = 16;

/** @returns the root element. @throws SyntaxError for all that is not read. */
export function readXml(xml: string): Element {
  const document: Element = { name: '', children: [], text: '' };
  const open: Element[] = [document];
  TOKEN.lastIndex = DECLARATION.exec(xml)?.[0].length ?? 0;
  while (TOKEN.lastIndex < xml.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(xml);
    if (match === null) throw new SyntaxError(`what is at character ${at} is not read`);
    const [, closes, name, empty, text] = match;
    const inner = open.at(-1) ?? document;
    if (text !== undefined) inner.text += decoded(text);
    else if (name !== undefined && closes === '/') close(open, name);
    else if (name !== undefined) {
      const element: Element = { name, children: [], text: '' };
      inner.children.push(element);
      if (empty === '') open.push(element);
      if (open.length > MAX_DEPTH) throw new SyntaxError(`elements within more than ${MAX_DEPTH} others`);
    }
  }
  const [root, ...others] = document.children;
  if (open.length > 1) throw new SyntaxError(`<${open.at(-1)?.name}> has no end`);
  if (root === undefined || others.length > 0 || document.text.trim() !== '') {
    throw new SyntaxError('not one element at the top');
  }
  return trimmed(root);
}

function close(open: Element[], name: string): void {
  const element = open.pop();
  if (element?.name !== name || open.length === 0) throw new SyntaxError(`</${name}> has no beginning`);
}

const decoded = (text: string): string =>
  text.replace(/&([^;&\s]{0,16};)?/g, (_, name: string | undefined) => {
    const character = ENTITIES[name?.slice(0, -1) ?? ''];
    if (character === undefined)
      throw new SyntaxError(`an & that is not one of &${Object.keys(ENTITIES).join('; &')};`);
    return character;
  });

const trimmed = ({ name, children, text }: Element): Element => ({
  name,
  children: children.map(trimmed),
  text: text.trim(),
});
