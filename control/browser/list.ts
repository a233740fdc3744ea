/** The list of resources: filter, order, and only what changes is touched. */
import type { ResourceSummary } from './contract.js';
import { byId } from './dom.js';
import { Row } from './row.js';

type Order = (a: ResourceSummary, b: ResourceSummary) => number;

const PHASES = [
  'failed',
  'unknown',
  'imaging',
  'booting',
  'checking',
  'draining',
  'stopping',
  'ready',
  'asleep',
];
const byName: Order = (a, b) => (a.name < b.name ? -1 : 1);
const latest =
  (value: (line: ResourceSummary) => number | undefined): Order =>
  (a, b) =>
    (value(b) ?? 0) - (value(a) ?? 0) || byName(a, b);

const ORDERS: Readonly<Record<string, Order>> = {
  name: byName,
  phase: (a, b) => PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase) || byName(a, b),
  since: latest(({ since }) => since),
  activity: latest(({ lastActivity }) => lastActivity),
  hours: latest(({ cost }) => cost?.awakeHours),
  spent: latest(({ cost }) => cost?.spent),
};

export class List {
  private readonly rows = new Map<string, Row>();
  private readonly body = byId('rows', HTMLElement);
  private readonly none = byId('none', HTMLElement);
  private readonly seen = new Set<Row>();
  private readonly watcher = new IntersectionObserver((entries) => this.notice(entries));
  private words: string[] = [];
  private order: Order = byName;
  /** The row that the keyboard is at. */
  private current: string | undefined;

  /** @param now the server's clock. */
  constructor(private readonly now: () => number) {
    setInterval(() => {
      for (const row of this.seen) row.tick(this.now());
    }, 1000);
    this.body.addEventListener('focusin', ({ target }) => {
      const row = target instanceof Element ? target.closest<HTMLElement>('.row') : null;
      if (row) this.makeCurrent(row.dataset.name);
    });
  }

  take(changed: readonly ResourceSummary[], gone: readonly string[]): void {
    for (const name of gone) this.remove(name);
    for (const line of changed) {
      const row = this.rows.get(line.name) ?? this.add(line);
      row.show(line, this.now());
      row.element.hidden = !this.fits(line);
    }
    this.arrange();
  }

  filter(text: string): void {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of this.rows.values()) row.element.hidden = !this.fits(row.line);
    this.arrange();
  }

  sort(name: string): void {
    this.order = ORDERS[name] ?? byName;
    this.arrange();
  }

  /** Where the keyboard is, for its shortcuts. */
  get focused(): ResourceSummary | undefined {
    return this.current === undefined ? undefined : this.rows.get(this.current)?.line;
  }

  /** Moves the keyboard by so many rows that are shown; from elsewhere, to the first. */
  move(by: number): void {
    const shown = [...this.body.children].filter((row) => row instanceof HTMLElement && !row.hidden);
    const at = shown.findIndex((row) => row.contains(document.activeElement));
    const next = shown[at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + by))];
    if (next instanceof HTMLElement) next.focus();
  }

  private add(line: ResourceSummary): Row {
    const row = new Row(line);
    this.rows.set(line.name, row);
    this.body.append(row.element);
    this.watcher.observe(row.element);
    return row;
  }

  private remove(name: string): void {
    const row = this.rows.get(name);
    if (row === undefined) return;
    this.watcher.unobserve(row.element);
    this.seen.delete(row);
    row.element.remove();
    this.rows.delete(name);
  }

  private fits({ name, phase, provider = '' }: ResourceSummary): boolean {
    const text = `${name} ${phase} ${provider}`.toLowerCase();
    return this.words.every((word) => text.includes(word));
  }

  /** Moves only rows that are not where they belong. */
  private arrange(): void {
    const sorted = [...this.rows.values()].sort((a, b) => this.order(a.line, b.line));
    let place = this.body.firstElementChild;
    for (const { element } of sorted) {
      if (place === element) place = element.nextElementSibling;
      else this.body.insertBefore(element, place);
    }
    const shown = sorted.filter(({ element }) => !element.hidden);
    this.none.hidden = shown.length > 0 || sorted.length === 0;
    const current = this.current === undefined ? undefined : this.rows.get(this.current);
    if (current === undefined || current.element.hidden) this.makeCurrent(shown[0]?.line.name);
  }

  /** One row alone is a stop of the tab key: the arrows lead to the others. */
  private makeCurrent(name: string | undefined): void {
    if (name === this.current) return;
    if (this.current !== undefined) this.rows.get(this.current)?.element.setAttribute('tabindex', '-1');
    this.current = name;
    if (name !== undefined) this.rows.get(name)?.element.setAttribute('tabindex', '0');
  }

  private notice(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const name = target instanceof HTMLElement ? target.dataset.name : undefined;
      const row = name === undefined ? undefined : this.rows.get(name);
      if (row === undefined) continue;
      if (!isIntersecting) this.seen.delete(row);
      else {
        this.seen.add(row);
        row.tick(this.now());
      }
    }
  }
}
