import type { Budget, Figure } from './contract.js';

export type Verdict = 'aim met' | 'met' | 'MISSED' | '';

/** How a value stands against its budget. */
export function verdictOf(value: number, budget: Budget | undefined): Verdict {
  if (budget === undefined) return '';
  const reaches = (bound: number): boolean => (budget.better === 'larger' ? value >= bound : value <= bound);
  if (!reaches(budget.least)) return 'MISSED';
  return budget.aim !== undefined && reaches(budget.aim) ? 'aim met' : 'met';
}

/** Three significant digits, and no exponent. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

const HEAD = ['what', 'seen', 'at least', 'aim', ''];

/** The figures as a table that is aligned as text and valid as Markdown. */
export function table(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`);
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return lines.join('\n');
}

function cells({ what, value, unit, budget }: Figure): string[] {
  const of = (number: number | undefined): string =>
    number === undefined ? '' : `${shortNumber(number)}${unit === '' ? '' : ` ${unit}`}`;
  const sign = budget?.better === 'smaller' ? 'at most ' : '';
  return [
    what,
    of(value),
    budget === undefined ? '' : sign + of(budget.least),
    of(budget?.aim),
    verdictOf(value, budget),
  ];
}
