import { setTimeout as delay } from 'node:timers/promises';

/** Checks again and again for at least that long. What `check` throws ends the test at once. */
export async function throughout(ms: number, check: () => void | Promise<void>): Promise<void> {
  const over = performance.now() + ms;
  do {
    await check();
    await delay(10);
  } while (performance.now() < over);
}

/** Checks again and again until something holds. What `check` throws ends the test at once. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  check: () => void | Promise<void>,
): Promise<void> {
  while (!(await holds())) {
    await check();
    await delay(10);
  }
}
