/** Small plots without a library: readable on a light and on a dark page. */
import type { Bars, Distribution, Plot } from './contract.js';
import { shortNumber } from './table.js';

const WIDTH = 720;
const MARGIN = { left: 190, right: 110, top: 48, bottom: 44 };
const INNER = WIDTH - MARGIN.left - MARGIN.right;
const BAR = 26;
const CURVES = 260;
const COLOURS = ['#3b82f6', '#ef6c00', '#2e9e5b', '#a855f7', '#d6336c', '#0891b2', '#8d6e63'];
const TEXT = '#808080';

/** @returns the text of an SVG file. */
export function drawPlot(plot: Plot): string {
  return plot.kind === 'bars' ? drawBars(plot) : drawDistribution(plot);
}

function drawBars({ title, unit, bars }: Bars): string {
  const height = MARGIN.top + bars.length * BAR + 16;
  const most = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE);
  const parts = bars.map(({ label, value }, i) => {
    const y = MARGIN.top + i * BAR;
    const width = Math.max(1, (value / most) * INNER);
    const colour = label.startsWith('Reveille') ? COLOURS[1] : COLOURS[0];
    return (
      text(MARGIN.left - 8, y + 15, label, 'end') +
      `<rect x="${MARGIN.left}" y="${y + 2}" width="${width.toFixed(1)}" height="${BAR - 8}" fill="${colour}"/>` +
      text(MARGIN.left + width + 6, y + 15, `${shortNumber(value)} ${unit}`, 'start')
    );
  });
  return svg(height, title, parts.join('\n'));
}

function drawDistribution({ title, unit, series }: Distribution): string {
  const height = MARGIN.top + CURVES + MARGIN.bottom + series.length * 18;
  const most = Math.max(...series.flatMap(({ values }) => values.slice()), Number.MIN_VALUE);
  const x = (value: number): number => MARGIN.left + (value / most) * INNER;
  const y = (share: number): number => MARGIN.top + (1 - share) * CURVES;
  const axes = [0, 0.5, 0.9, 0.99].map((share) => {
    const at = y(share);
    return `<path d="M${MARGIN.left} ${at}H${MARGIN.left + INNER}" stroke="${TEXT}" stroke-opacity="0.3"/>${text(MARGIN.left - 8, at + 4, `${share * 100} %`, 'end')}`;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) =>
    text(x(part * most), y(0) + 18, shortNumber(part * most), 'middle'),
  );
  const curves = series.map(({ label, values }, i) => {
    const sorted = [...values].sort((a, b) => a - b);
    const steps = sorted.map(
      (value, n) => `H${x(value).toFixed(1)}V${y((n + 1) / sorted.length).toFixed(1)}`,
    );
    const colour = COLOURS[i % COLOURS.length];
    const line = `<path d="M${MARGIN.left} ${y(0)}${steps.join('')}" fill="none" stroke="${colour}" stroke-width="2"/>`;
    const at = y(0) + 44 + i * 18;
    const key = `<rect x="${MARGIN.left}" y="${at - 9}" width="12" height="9" fill="${colour}"/>`;
    return line + key + text(MARGIN.left + 18, at, `${label} (${values.length})`, 'start');
  });
  const axis = text(MARGIN.left + INNER + 24, y(0) + 18, unit, 'start');
  return svg(height, title, [...axes, ...ticks, axis, ...curves].join('\n'));
}

function svg(height: number, title: string, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
<title>${escaped(title)}</title>
<text x="16" y="26" font-size="15" fill="${TEXT}">${escaped(title)}</text>
${content}
</svg>
`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${TEXT}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
