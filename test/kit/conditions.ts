import { setTimeout as delay } from 'node:timers/promises';

const DEFAULT_MS = 30_000;

/** Waits until `probe` gives something other than undefined or false. The bound only ends a test that hangs. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = DEFAULT_MS,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let lastError: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      lastError = error;
    }
    await delay(10);
  }
  throw new Error(`never happened within ${withinMs} ms: ${what}`, { cause: lastError });
}
