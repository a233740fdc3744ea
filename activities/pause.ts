import { setTimeout as sleep } from 'node:timers/promises';

/** Waits so many milliseconds. Rejects with the signal's reason, not with what stands in for it. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
