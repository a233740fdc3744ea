import { createHash } from 'node:crypto';
import type { ImageResult } from '../../workflows/messages.js';
import { pause } from '../pause.js';
import type { KnownSource } from './sources.js';
import type { WorkContext } from './stored.js';

const STEPS = 20;

/** Test mode (IP13): nothing is fetched, and each URL and GUID has an id that is always the same. */
export async function pretend(
  { key, source: { url, guid = '' } }: KnownSource,
  sleepMs: number,
  { signal, progress }: WorkContext,
): Promise<ImageResult> {
  for (let step = 0; step < STEPS; step++) {
    progress({ step: 'fetching', bytes: step, total: STEPS });
    await pause(sleepMs / STEPS, signal);
  }
  const digest = createHash('sha256').update(`${url}\n${guid}`).digest('hex');
  return { key, bytes: 0, id: `test-${digest.slice(0, 12)}` };
}
