import { z } from 'zod';
import { wants } from './wording.js';

/** A span of time in milliseconds. Never a clock time. */
export type Milliseconds = number;

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const UNIT_BYTES = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

/**
 * Reads a duration such as `500ms`, `15m` or `1h30m`.
 * @returns milliseconds, or undefined where the text is no duration.
 */
export function parseDuration(text: string): Milliseconds | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
  }
  return total;
}

/** Reads a size such as `20GB` or `512KiB`. @returns bytes, or undefined where the text is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/.exec(text);
  if (!match) return undefined;
  return Math.round(Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES]);
}

/** `900000` as `15m`, `5400000` as `1h30m`. */
export function formatDuration(ms: Milliseconds): string {
  let rest = Math.round(ms);
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / UNIT_MS[unit]);
    rest -= count * UNIT_MS[unit];
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

const DURATION = wants('a duration', '500ms, 20s, 15m or 1h30m');
const SIZE = wants('a size', '64KiB, 10MB or 20GB');

/** A duration in the file; milliseconds in the program. */
export const duration = z
  .union([z.string(), z.literal(0)], { error: DURATION })
  .transform((value, context): Milliseconds => {
    const ms = value === 0 ? 0 : parseDuration(value);
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: DURATION });
    return z.NEVER;
  });

/** A duration that is not zero. */
export const span = duration.refine(
  (ms) => ms > 0,
  wants('more than no time', 'a duration above zero, such as 20s'),
);

/** A size in the file; bytes in the program. */
export const size = z.string({ error: SIZE }).transform((value, context): number => {
  const bytes = parseSize(value);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: SIZE });
  return z.NEVER;
});
