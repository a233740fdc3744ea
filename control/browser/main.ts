/** The dashboard: puts feed, list, details and views together. */
import { act, type Deed, getJson, signOut } from './api.js';
import { type FeedTrouble, type ResourceSummary, SESSION_PATH, type SessionResult } from './contract.js';
import { Details } from './details.js';
import { byId, setText } from './dom.js';
import { Feed } from './feed.js';
import { List } from './list.js';
import { deedsOf, onlySee } from './row.js';
import { ImagesView, TimelineView } from './views.js';

const filter = byId('filter', HTMLInputElement);
const sort = byId('sort', HTMLSelectElement);
const help = byId('help', HTMLDialogElement);
const said = byId('said', HTMLElement);
const trouble = byId('trouble', HTMLElement);
const link = byId('link', HTMLElement);
const resources = byId('resources', HTMLElement);

const feed: Feed = new Feed({ changed, trouble: showTrouble, linked: showLink });
const list = new List(() => Date.now() + feed.skewMs);
const details = new Details(feed.lines);
const timeline = new TimelineView();
const images = new ImagesView();

function changed(lines: readonly ResourceSummary[], gone: readonly string[]): void {
  list.take(lines, gone);
  details.take(lines);
  const own = [...feed.lines.values()].filter(({ members }) => members === undefined);
  const awake = own.filter(({ phase }) => phase !== 'asleep' && phase !== 'unknown').length;
  setText(byId('count', HTMLElement), `${awake} of ${own.length} awake`);
}

function showTrouble(told: FeedTrouble | undefined): void {
  trouble.hidden = told === undefined;
  setText(trouble, told === undefined ? '' : `${told.message}. ${told.remedy}`);
}

function showLink(linked: boolean): void {
  setText(link, linked ? 'live' : 'connecting again');
  link.classList.toggle('broken', !linked);
  // The stream tells no status: where the session is over, this leads to signing in.
  if (!linked) void getJson<SessionResult>('/api/v1/openapi.json').catch(() => {});
}

async function run(name: string, deed: Deed): Promise<void> {
  setText(said, `${deed} ${name}…`);
  try {
    await act(name, deed);
    setText(said, `${deed} ${name}: asked for`);
  } catch (error) {
    setText(said, `${deed} ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Asks first: what is in use goes as well. */
async function runAll(names: readonly string[], deed: Deed): Promise<void> {
  if (
    !confirm(
      `${deed} all ${names.length}: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}?`,
    )
  )
    return;
  const done = await Promise.allSettled(names.map((name) => act(name, deed)));
  const failed = done.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  const rest = failed.length === 0 ? '' : `, ${failed.length} failed: ${failed[0]}`;
  setText(said, `${deed}: asked for ${names.length - failed.length}${rest}`);
}

/** The address's fragment says what is shown, so that back, reload and links work. */
function route(): void {
  const [, view = '', name] = location.hash.split('/');
  const shown = view === 'timeline' || view === 'images' ? view : 'resources';
  resources.hidden = shown !== 'resources';
  timeline.show(shown === 'timeline');
  images.show(shown === 'images');
  for (const one of document.querySelectorAll<HTMLElement>('nav a')) {
    if (one.dataset.view === shown) one.setAttribute('aria-current', 'page');
    else one.removeAttribute('aria-current');
  }
  if (view === 'r' && name !== undefined) details.open(decodeURIComponent(name));
  else details.close();
}

const KEYS: Readonly<Record<string, Deed>> = { w: 'wake', s: 'stop', p: 'pin', u: 'unpin' };

function onKey(event: KeyboardEvent): void {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.key === 'Escape') {
    if (typing) (document.activeElement as HTMLElement).blur();
    else location.hash = '#/';
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (event.target instanceof HTMLSelectElement || resources.hidden || isInPanel(event.target)) return;
    list.move(event.key === 'ArrowDown' ? 1 : -1);
  } else if (typing) return;
  else if (event.key === '/') filter.focus();
  else if (event.key === '?') help.showModal();
  else {
    onRowKey(event);
    return;
  }
  event.preventDefault();
}

/** The arrows scroll what is in the panel. */
const isInPanel = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('aside') !== null;

/** Only where a row itself has the keyboard: a button or a link keeps its own meaning. */
function onRowKey(event: KeyboardEvent): void {
  const line = list.focused;
  if (line === undefined || !(event.target instanceof Element) || !event.target.matches('.row')) return;
  const deed = KEYS[event.key];
  if (event.key === 'Enter') location.hash = `#/r/${encodeURIComponent(line.name)}`;
  else if (deed !== undefined && deedsOf(line).includes(deed)) void run(line.name, deed);
}

document.addEventListener('click', ({ target }) => {
  const button = target instanceof Element ? target.closest<HTMLElement>('[data-deed]') : null;
  const { deed, name, names } = button?.dataset ?? {};
  if (deed !== undefined && name !== undefined) void run(name, deed as Deed);
  if (deed !== undefined && names !== undefined) void runAll(names.split(' '), deed as Deed);
});
document.addEventListener('keydown', onKey);
filter.addEventListener('input', () => list.filter(filter.value));
sort.addEventListener('change', () => list.sort(sort.value));
byId('help-button', HTMLButtonElement).addEventListener('click', () => help.showModal());
byId('sign-out', HTMLButtonElement).addEventListener('click', () => void signOut());
addEventListener('hashchange', route);
route();
void begin();

/** What the caller may do is known before the first button is made. */
async function begin(): Promise<void> {
  const known = await getJson<SessionResult>(SESSION_PATH).catch(() => undefined);
  byId('sign-out', HTMLButtonElement).hidden = known?.until === undefined;
  const name = byId('user', HTMLElement);
  name.hidden = known?.user === undefined;
  name.title = known?.user ?? '';
  setText(name, `${known?.may === 'see' ? '(may see) ' : ''}${known?.user ?? ''}`);
  if (known?.may === 'see') onlySee();
  feed.start();
}
