/** One resource in the list. */
import type { Deed } from './api.js';
import type { ResourceSummary } from './contract.js';
import { el, outside, setText } from './dom.js';
import { awakeInWords, costs, inWords, remarks, sleeps } from './words.js';

let actsToo = true;

/** Whoever may only see gets no buttons. */
export function onlySee(): void {
  actsToo = false;
}

export const mayAct = (): boolean => actsToo;

/** What can be done with it as it is, the most likely first. */
export function deedsOf({ phase, members, pinned, configured }: ResourceSummary): Deed[] {
  if (members !== undefined || !actsToo) return [];
  const pin: Deed[] = pinned === false ? ['pin'] : ['unpin'];
  if (phase === 'asleep') return configured ? ['wake', 'pin'] : [];
  if (phase === 'failed') return ['wake', 'stop', ...pin];
  return phase === 'stopping' || phase === 'draining' ? ['wake'] : ['stop', ...pin];
}

/** As the button says it: waking what has failed is trying again. */
const wordOf = (deed: Deed, { phase }: ResourceSummary): string =>
  deed === 'wake' && phase === 'failed' ? 'retry' : deed;

/** Buttons for what can be done; `data-deed` and `data-name` say what and with whom. */
export function buttonsOf(line: ResourceSummary): HTMLButtonElement[] {
  return deedsOf(line).map((deed) => {
    const word = wordOf(deed, line);
    const attributes = { type: 'button', 'data-deed': deed, 'data-name': line.name };
    return el('button', { ...attributes, 'aria-label': `${word} ${line.name}` }, word);
  });
}

/** A row of the list: made once, changed where the line changes, its times told anew while it is seen. */
export class Row {
  readonly element = el('tr', { class: 'row', role: 'row', tabindex: '-1' });
  private readonly name = el('td', { role: 'cell', class: 'name' });
  private readonly phase = el('td', { role: 'cell' });
  private readonly badge = el('span');
  private readonly since = el('small');
  private readonly why = el('td', { role: 'cell', class: 'why' });
  private readonly use = el('td', { role: 'cell' });
  private readonly sleeps = el('td', { role: 'cell' });
  private readonly hours = el('td', { role: 'cell' });
  private readonly actions = el('td', { role: 'cell', class: 'actions' });
  private deeds = '';

  constructor(public line: ResourceSummary) {
    this.element.dataset.name = line.name;
    this.phase.append(this.badge, ' ', this.since);
    const { name, phase, why, use, sleeps: sleep, hours, actions } = this;
    this.element.append(name, phase, why, use, sleep, hours, actions);
    const details = el('a', { href: `#/r/${encodeURIComponent(line.name)}`, tabindex: '-1' }, line.name);
    name.append(details, el('small', {}, line.members === undefined ? (line.provider ?? '') : 'pool'));
  }

  /** @param now by the server's clock. */
  show(line: ResourceSummary, now: number): void {
    this.line = line;
    setText(this.badge, line.phase);
    this.badge.className = `phase ${line.phase}`;
    const notes = remarks(line);
    const woken = line.wokenBy === undefined ? [] : [line.wokenBy];
    const isBad = line.failure !== undefined || line.trouble !== undefined;
    setText(this.why, (isBad ? [...notes.reverse(), ...woken] : [...woken, ...notes]).join(' · '));
    this.why.title = this.why.textContent ?? '';
    this.why.classList.toggle('trouble', isBad);
    this.showButtons(line);
    this.tick(now);
  }

  /** What changes by the clock alone. */
  tick(now: number): void {
    const { line } = this;
    setText(this.since, line.since === undefined ? '' : inWords(now - line.since));
    setText(this.use, useInWords(line, now));
    setText(this.sleeps, sleepsInWords(line, now));
    setText(this.hours, line.cost === undefined ? '' : hoursInWords(line));
    this.hours.title = costs(line, now);
  }

  /** Only where they are others: a button that is being pressed stays. */
  private showButtons(line: ResourceSummary): void {
    const deeds = deedsOf(line).map((deed) => wordOf(deed, line));
    const wanted = `${deeds.join()} ${line.url ?? ''}`;
    if (wanted === this.deeds) return;
    this.deeds = wanted;
    const isWeb = /^https?:/.test(line.url ?? '');
    this.actions.replaceChildren(...buttonsOf(line), ...(isWeb ? [outside(line.url, 'open')] : []));
  }
}

function useInWords({ open, phase, lastActivity, keptAwakeBy }: ResourceSummary, now: number): string {
  if (phase !== 'ready') return '';
  if (open > 0) return `${open} open`;
  const others = keptAwakeBy.filter((what) => what !== 'pin' && !what.includes('connection'));
  const idle = lastActivity === undefined ? '' : `idle ${inWords(now - lastActivity)}`;
  return others.length > 0 ? others.join(', ') : idle;
}

function sleepsInWords(line: ResourceSummary, now: number): string {
  if (line.pinned === true) return 'pinned';
  if (typeof line.pinned === 'number') return `pinned for ${inWords(line.pinned - now)}`;
  if (line.phase === 'failed' && line.retryAt !== undefined && line.retryAt > now)
    return `retry in ${inWords(line.retryAt - now)}`;
  return sleeps(line, now);
}

function hoursInWords({ cost }: ResourceSummary): string {
  if (cost === undefined) return '';
  const hours = awakeInWords(cost.awakeHours);
  return cost.currency === undefined ? hours : `${hours}, ${(cost.spent ?? 0).toFixed(2)} ${cost.currency}`;
}
