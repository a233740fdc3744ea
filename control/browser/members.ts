/** The members of a pool: what can be done with each, with all of them, and with one that has no line yet. */
import type { ResourceDetails, ResourceSummary } from './contract.js';
import { el } from './dom.js';
import { buttonsOf, deedsOf, mayAct } from './row.js';

/** More than these nobody looks through; the list's filter finds them by name. */
const MOST = 200;

export class Members {
  readonly element = el('div');
  private shown = '';

  clear(): void {
    this.shown = '';
    this.element.replaceChildren();
  }

  /**
   * Touches the page only where something of it is another: a button that is being pressed stays.
   * @param names those that are known: awake, named by the configuration, or awake in the past.
   * @param lines of the feed; who has none is asleep.
   */
  show(pool: ResourceDetails, names: Iterable<string>, lines: ReadonlyMap<string, ResourceSummary>): void {
    const members = [...new Set(names)].sort().map((name) => lines.get(name) ?? asleep(name));
    const wanted = members.map((line) => `${line.name} ${line.phase} ${deedsOf(line)}`).join('\n');
    if (`${pool.name}\n${wanted}` === this.shown) return;
    this.shown = `${pool.name}\n${wanted}`;
    this.element.replaceChildren(...membersOf(pool.name, members));
  }
}

function membersOf(pool: string, members: readonly ResourceSummary[]): HTMLElement[] {
  const awake = members.filter(({ phase }) => phase !== 'asleep');
  const sorted = [...awake, ...members.filter(({ phase }) => phase === 'asleep')];
  const rows = sorted.slice(0, MOST).map((line) => {
    const link = el('a', { href: `#/r/${encodeURIComponent(line.name)}` }, line.name);
    const badge = el('span', { class: `phase ${line.phase}` }, line.phase);
    return el('li', {}, link, badge, el('span', { class: 'actions' }, ...buttonsOf(line)));
  });
  const rest = sorted.length - rows.length;
  return [
    el('h3', {}, 'Members'),
    ...stopAll(pool, awake),
    rows.length === 0 ? el('p', {}, 'None is known.') : el('ul', { class: 'members' }, ...rows),
    ...(rest > 0 ? [el('p', {}, `And ${rest} more: filter the list by name.`)] : []),
  ];
}

const asleep = (name: string): ResourceSummary => ({
  name,
  phase: 'asleep',
  configured: true,
  workflow: { id: '' },
  open: 0,
  pinned: false,
  keptAwakeBy: [],
});

function stopAll(pool: string, awake: readonly ResourceSummary[]): HTMLElement[] {
  const names = awake.filter((line) => deedsOf(line).includes('stop')).map(({ name }) => name);
  if (names.length === 0) return [];
  const word = `stop all ${names.length}`;
  const attributes = { type: 'button', 'data-deed': 'stop', 'data-names': names.join(' ') };
  return [el('button', { ...attributes, 'aria-label': `${word} of ${pool}` }, word)];
}

/** Wakes a member of a template by what its name ends with: it may have no line yet. */
export function wakeForm(pool: string): HTMLElement[] {
  if (!mayAct()) return [];
  const start = `${pool}--`;
  const input = el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', required: '' });
  const button = el('button', { type: 'submit', 'data-deed': 'wake' }, 'wake');
  input.oninput = () => {
    const value = input.value.trim();
    button.dataset.name = value.startsWith(start) ? value : start + value;
  };
  const form = el('form', { class: 'wake-member' }, el('label', {}, `Wake ${start}`, input), button);
  form.onsubmit = (event) => event.preventDefault();
  return [form];
}
