/** The views beside the list: when things were awake, and the cache of images. */
import { getJson } from './api.js';
import { TIMELINE_PATH, type Timeline } from './contract.js';
import { byId, clock, el } from './dom.js';
import { timelineBars } from './drawings.js';
import { IMAGES_PATH, type ImageListing } from './images-contract.js';
import { sizeInWords } from './words.js';

const REFRESH_MS = 30_000;
/** Hours, and what people call them. */
const SPANS: readonly [string, string][] = [
  ['1', 'hour'],
  ['24', 'day'],
  ['168', 'week'],
  ['720', 'month'],
];

/** Reads again while it is shown. */
abstract class View {
  private timer: ReturnType<typeof setInterval> | undefined;
  protected readonly content = el('div');

  constructor(protected readonly section: HTMLElement) {}

  show(shown: boolean): void {
    this.section.hidden = !shown;
    clearInterval(this.timer);
    this.timer = undefined;
    if (!shown) return;
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS);
    void this.refresh();
  }

  protected async refresh(): Promise<void> {
    try {
      this.content.replaceChildren(...(await this.read()));
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      this.content.replaceChildren(el('p', { class: 'trouble' }, said));
    }
  }

  protected abstract read(): Promise<HTMLElement[]>;
}

export class TimelineView extends View {
  private readonly span = el('select');

  constructor() {
    super(byId('timeline', HTMLElement));
    for (const [value, word] of SPANS) this.span.append(el('option', { value }, word));
    this.span.value = '24';
    this.span.onchange = () => void this.refresh();
    const label = el('label', {}, 'The last ', this.span);
    this.section.append(el('div', { class: 'tools' }, label), this.content);
  }

  protected async read(): Promise<HTMLElement[]> {
    return [timelineBars(await getJson<Timeline>(`${TIMELINE_PATH}?hours=${this.span.value}`))];
  }
}

export class ImagesView extends View {
  constructor() {
    super(byId('images', HTMLElement));
    this.section.append(this.content);
  }

  protected async read(): Promise<HTMLElement[]> {
    const { place, used, budget, images } = await getJson<ImageListing>(IMAGES_PATH);
    const said = `${sizeInWords(used)} of ${sizeInWords(budget)} used on ${place}`;
    const most = Math.max(1, ...images.map(({ bytes }) => bytes));
    const rows = [...images]
      .sort((a, b) => b.bytes - a.bytes)
      .map(({ name, type, bytes, lastUse, users }) => {
        const bar = el('span', { class: 'bar' });
        bar.style.width = `${(bytes / most) * 100}%`;
        const use = users.length > 0 ? `used by ${users.join(', ')}` : `last used ${clock(lastUse)}`;
        const title = el('span', {}, name, ' ', el('small', {}, `${type}, ${use}`));
        return el('li', {}, title, el('span', { class: 'track' }, bar), el('span', {}, sizeInWords(bytes)));
      });
    if (rows.length === 0) return [el('p', {}, `No images: ${said}.`)];
    return [el('p', {}, said), el('ul', { class: 'sizes' }, ...rows)];
  }
}
