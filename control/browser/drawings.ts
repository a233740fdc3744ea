/** Drawings of times: the steps of a wake, how long wakes took, when things were awake. */
import type { AwakePeriod, Timeline, WakeTimes } from './contract.js';
import { clock, el, svg, took } from './dom.js';
import { inWords } from './words.js';

type Steps = AwakePeriod['steps'];

export const wakeMs = (steps: Steps): number => steps.reduce((sum, step) => sum + step.took, 0);

/** Steps one after the other, each as long as it took. */
export function waterfall(steps: Steps): HTMLElement {
  const whole = Math.max(1, wakeMs(steps));
  const list = el('ol', { class: 'waterfall', 'aria-label': 'Steps of the wake' });
  let begun = 0;
  for (const step of steps) {
    const bar = el('span', { class: `bar ${step.step}` });
    bar.style.marginLeft = `${(begun / whole) * 100}%`;
    bar.style.width = `${Math.max(0.5, (step.took / whole) * 100)}%`;
    begun += step.took;
    list.append(
      el(
        'li',
        {},
        el('span', {}, step.step),
        el('span', { class: 'track' }, bar),
        el('span', {}, took(step.took)),
      ),
    );
  }
  return list;
}

const WIDTH = 480;
const HEIGHT = 120;

/** How long wakes took, the oldest at the left, with lines at the percentiles. */
export function wakePlot(periods: readonly AwakePeriod[], { count, p50, p90, p99 }: WakeTimes): HTMLElement {
  const woken = periods.filter(({ steps }) => steps.length > 0).reverse();
  const most = Math.max(...woken.map(({ steps }) => wakeMs(steps)), 1);
  const y = (ms: number) => HEIGHT - 6 - (ms / most) * (HEIGHT - 16);
  const x = (index: number) =>
    woken.length < 2 ? WIDTH / 2 : 8 + (index / (woken.length - 1)) * (WIDTH - 16);
  const lines = [p50, p90, p99].map((ms, index) =>
    svg('line', { x1: 0, x2: WIDTH, y1: y(ms), y2: y(ms), class: `percentile p${index}` }),
  );
  const dots = woken.map(({ start, steps }, index) => {
    const title = svg('title', {}, `${clock(start)}: ${took(wakeMs(steps))}`);
    return svg('circle', { cx: x(index), cy: y(wakeMs(steps)), r: 3.5 }, title);
  });
  const said = `${count} ${count === 1 ? 'wake' : 'wakes'}: half within ${took(p50)}, 90% within ${took(p90)}, 99% within ${took(p99)}`;
  const drawing = svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': said },
    ...lines,
    ...dots,
  );
  return el('figure', { class: 'plot' }, drawing, el('figcaption', {}, said));
}

/** One line for each that was awake in that time, the latest first. */
export function timelineBars({ now, from, periods }: Timeline): HTMLElement {
  const byName = new Map<string, Timeline['periods']>();
  for (const period of periods) byName.set(period.name, [...(byName.get(period.name) ?? []), period]);
  const span = Math.max(1, now - from);
  const rows = [...byName].map(([name, own]) => {
    const drawing = svg('svg', {
      viewBox: '0 0 1000 16',
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    });
    let awakeMs = 0;
    for (const { start, end = now } of own) {
      const begin = Math.max(start, from);
      awakeMs += end - begin;
      const title = svg('title', {}, `${clock(start)} to ${clock(end)}`);
      // Seconds of a month are to be seen too, also those that ended just now, at the right edge.
      const width = Math.max(4, ((end - begin) / span) * 1000);
      const place = { x: Math.min(((begin - from) / span) * 1000, 1000 - width), width };
      drawing.append(svg('rect', { ...place, y: 1, height: 14 }, title));
    }
    const link = el('a', { href: `#/r/${encodeURIComponent(name)}` }, name);
    return el('li', {}, link, drawing, el('span', {}, inWords(awakeMs)));
  });
  if (rows.length === 0) return el('p', {}, 'Nothing was awake in that time.');
  const ends = el('p', { class: 'ends' }, el('span', {}, clock(from)), el('span', {}, 'now'));
  return el('div', {}, ends, el('ul', { class: 'bars' }, ...rows));
}
