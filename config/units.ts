import { z } from 'zod';

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

/** A duration in the file; milliseconds in the program. */
export const duration = z.union([z.string(), z.literal(0)]).transform((value, context) => {
  const ms = value === 0 ? 0 : parseDuration(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'expected a duration such as 500ms, 20s, 15m or 1h30m' });
  return z.NEVER;
});

/** A size in the file; bytes in the program. */
export const size = z.string().transform((value, context) => {
  const bytes = parseSize(value);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: 'expected a size such as 64KiB, 10MB or 20GB' });
  return z.NEVER;
});
