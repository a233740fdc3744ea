/** All that is known of one resource: how it is, its log live, and its past. */
import { followLog, getJson, pathOf } from './api.js';
import type { AwakePeriod, ResourceDetails, ResourceHistory, ResourceSummary } from './contract.js';
import { byId, clock, el, outside, took } from './dom.js';
import { wakeMs, wakePlot, waterfall } from './drawings.js';
import { Members, wakeForm } from './members.js';
import { buttonsOf } from './row.js';
import { costs, inWords, remarks, sleeps } from './words.js';

/** What the log shows at most: more is let go at its top. */
const LOG_CHARACTERS = 200_000;
/** How often the past is read while it is shown: the server's list of what has closed may be a moment behind. */
const PAST_MS = 5000;

/** The panel beside the list; one resource at a time. */
export class Details {
  private readonly panel = byId('details', HTMLElement);
  private readonly actions = el('p', { class: 'actions' });
  private readonly facts = el('div');
  private readonly members = new Members();
  private readonly wake = el('div');
  private readonly past = el('div');
  private readonly log = el('pre', { tabindex: '0', role: 'region', 'aria-label': 'Log' });
  private readonly follow = el('button', { type: 'button' }, 'follow the log');
  private readonly logs = new LogReader(this.log, this.follow);
  private name: string | undefined;
  /** Where a pool is shown. */
  private pool: ResourceDetails | undefined;
  /** Members that were awake in the past. */
  private pastNames: readonly string[] = [];
  private pastTold = '';
  private timer: ReturnType<typeof setInterval> | undefined;

  /** @param lines of the feed. */
  constructor(private readonly lines: ReadonlyMap<string, ResourceSummary>) {}

  open(name: string): void {
    if (this.name === name) return;
    this.close();
    this.name = name;
    const title = el('h2', {}, name);
    const close = el('a', { href: '#/', class: 'close', 'aria-label': 'Close details' }, '✕');
    this.actions.replaceChildren();
    this.facts.replaceChildren();
    this.members.clear();
    this.wake.replaceChildren();
    this.past.replaceChildren(el('p', {}, 'Reading the past…'));
    this.follow.onclick = () => this.logs.toggle(name);
    this.panel.replaceChildren(
      close,
      title,
      this.actions,
      this.facts,
      this.members.element,
      this.wake,
      this.follow,
      this.log,
      el('h3', {}, 'Past'),
      this.past,
    );
    this.panel.hidden = false;
    document.body.classList.add('with-details');
    this.panel.focus();
    this.timer = setInterval(() => void this.showPast(name), PAST_MS);
    void this.refresh(name);
    void this.showPast(name);
  }

  close(): void {
    this.logs.stop();
    this.name = undefined;
    this.pool = undefined;
    this.pastNames = [];
    this.pastTold = '';
    clearInterval(this.timer);
    this.panel.hidden = true;
    document.body.classList.remove('with-details');
  }

  /** Reads again what is shown, where a line of the feed is about it. */
  take(changed: readonly ResourceSummary[]): void {
    const { name } = this;
    if (name !== undefined && changed.some((line) => line.name === name)) void this.refresh(name);
    const ofPool = new Set(this.memberNames());
    if (changed.some((line) => ofPool.has(line.name))) this.showMembers();
  }

  private memberNames(): string[] {
    return [...(this.pool?.memberNames ?? []), ...this.pastNames];
  }

  private showMembers(): void {
    if (this.pool) this.members.show(this.pool, this.memberNames(), this.lines);
  }

  private takePool(told: ResourceDetails): void {
    const isNew = this.pool === undefined;
    this.pool = told;
    this.showMembers();
    // Once: what is being typed stays.
    if (isNew && told.configuration !== undefined) this.wake.replaceChildren(...wakeForm(told.name));
  }

  /** Only where they are others: a button that is being pressed stays. */
  private showButtons(told: ResourceDetails): void {
    const buttons = buttonsOf(told);
    const words = (all: Iterable<Element>) => [...all].map(({ ariaLabel }) => ariaLabel).join();
    if (words(buttons) !== words(this.actions.children)) this.actions.replaceChildren(...buttons);
  }

  private async refresh(name: string): Promise<void> {
    try {
      const told = await getJson<ResourceDetails>(pathOf(name));
      if (this.name !== name) return;
      this.showButtons(told);
      this.facts.replaceChildren(...facts(told));
      this.follow.hidden = told.members !== undefined;
      if (told.members !== undefined) this.takePool(told);
    } catch (error) {
      if (this.name === name) this.facts.replaceChildren(complaint(error));
    }
  }

  /** Touches only what is news: what a reader has opened stays open. */
  private async showPast(name: string): Promise<void> {
    let shown: HTMLElement[];
    let news: string;
    let names: string[] = [];
    try {
      const told = await getJson<ResourceHistory>(`${pathOf(name)}/history`);
      news = told.periods.map(({ runId }) => runId).join();
      shown = pastOf(told);
      names = told.periods.map((period) => period.name);
    } catch (error) {
      shown = [complaint(error)];
      news = shown[0]?.textContent ?? '';
    }
    if (this.name !== name || `past ${news}` === this.pastTold) return;
    this.pastTold = `past ${news}`;
    this.past.replaceChildren(...shown);
    this.pastNames = names;
    this.showMembers();
  }
}

const complaint = (error: unknown): HTMLElement =>
  el('p', { class: 'trouble', role: 'alert' }, error instanceof Error ? error.message : String(error));

function facts(told: ResourceDetails): HTMLElement[] {
  const { now, status, configuration, workflow } = told;
  const known: [string, Node | string][] = [
    ['Phase', `${told.phase}${told.since === undefined ? '' : `, for ${inWords(now - told.since)}`}`],
    ['Woken by', told.wokenBy ?? ''],
    ['Kept awake by', told.keptAwakeBy.join(', ')],
    ['Sleeps', sleeps(told, now)],
    ['Last activity', told.lastActivity === undefined ? '' : clock(told.lastActivity)],
    ['Connections', status === undefined ? '' : `${told.open}`],
    ['Boots', status === undefined ? '' : `${status.boots}, failed in a row: ${status.attempts}`],
    ['Endpoint', status?.instance ? `${status.instance.endpoint.host}:${status.instance.endpoint.port}` : ''],
    ['Hours', costs(told, now)],
    [
      'Idle after',
      configuration ? `${inWords(configuration.idle.after)}, then ${configuration.idle.then}` : '',
    ],
    ['Health', configuration?.health ?? ''],
    ['Routes', configuration?.routes.join(' ') ?? ''],
    ['Remarks', remarks(told).join('. ')],
    ['Workflow', workflow.url === undefined ? '' : outside(workflow.url, workflow.id)],
  ];
  const list = el('dl', { class: 'facts' });
  for (const [term, what] of known) if (what !== '') list.append(el('dt', {}, term), el('dd', {}, what));
  const steps = status?.steps ?? [];
  return [
    list,
    ...(steps.length === 0 ? [] : [el('h3', {}, `This wake: ${took(wakeMs(steps))}`), waterfall(steps)]),
    ...(told.failure?.log === undefined ? [] : [el('pre', { tabindex: '0' }, told.failure.log)]),
  ];
}

function pastOf({ name, periods, wakes }: ResourceHistory): HTMLElement[] {
  if (periods.length === 0)
    return [el('p', {}, 'It has not been awake before, as far as Temporal remembers.')];
  const plot = wakes === undefined ? [] : [wakePlot(periods, wakes)];
  return [...plot, el('ul', { class: 'periods' }, ...periods.map((one) => periodOf(one, name)))];
}

function periodOf(period: AwakePeriod, shown: string): HTMLElement {
  const { start, end, steps, wokenBy, endedBy, boots, url } = period;
  const whose = period.name === shown ? '' : `${period.name}: `;
  const woke = steps.length === 0 ? '' : `, awake after ${took(wakeMs(steps))}`;
  return el(
    'li',
    {},
    el(
      'details',
      {},
      el('summary', {}, `${whose}${clock(start)}, for ${inWords(end - start)}${woke}`),
      el(
        'p',
        {},
        `Woken by ${wokenBy ?? 'nobody known'}; ended by ${endedBy}; boots: ${boots}. `,
        outside(url, url === undefined ? '' : 'workflow'),
      ),
      ...(steps.length === 0 ? [] : [waterfall(steps)]),
    ),
  );
}

/** The log in a box, followed on demand: each follower holds a connection. */
class LogReader {
  private reading: AbortController | undefined;

  constructor(
    private readonly box: HTMLElement,
    private readonly button: HTMLButtonElement,
  ) {
    box.hidden = true;
  }

  toggle(name: string): void {
    if (this.reading) {
      this.stop();
      return;
    }
    const controller = new AbortController();
    this.reading = controller;
    this.box.textContent = '';
    this.box.hidden = false;
    this.button.textContent = 'close the log';
    followLog(name, (text) => this.add(text), controller.signal).catch((error: unknown) => {
      const said = error instanceof Error ? error.message : String(error);
      if (!controller.signal.aborted) this.add(`The log is followed no longer: ${said}\n`);
    });
  }

  stop(): void {
    this.reading?.abort();
    this.reading = undefined;
    this.box.hidden = true;
    this.button.textContent = 'follow the log';
  }

  /** Stays at the end where the reader is there. */
  private add(text: string): void {
    const { box } = this;
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 8;
    box.append(text);
    while (box.childNodes.length > 1 && (box.textContent?.length ?? 0) > LOG_CHARACTERS)
      box.firstChild?.remove();
    if (atEnd) box.scrollTop = box.scrollHeight;
  }
}
