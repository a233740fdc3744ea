import { pause } from '../../pause.js';
import type { Change, ProviderContext } from '../contract.js';
import { jittered } from './api.js';
import type { Cloud, Estate } from './cloud.js';
import { LABELS, marksOf } from './labels.js';
import type { Machine } from './resources.js';
import { reasonOf, stateOf } from './state.js';

/** Between two looks at whether there is anything to follow. */
const RETRY_MS = 5000;

/**
 * Tells of machines that ended, for as long as the signal lets it: Compute Engine tells nobody, so all of ours are
 * looked at again and again. A preempted one is seen while it is still shutting down, which takes it 30 s.
 */
export async function followMachines(
  cloud: Cloud,
  tell: (change: Change) => void,
  { signal }: ProviderContext,
): Promise<void> {
  const seen = new Map<string, { ran: Map<string, Machine>; lookedAt: number }>();
  while (!signal.aborted) {
    const estates = cloud.estates();
    for (const estate of estates) {
      const now = performance.now();
      const { ran = new Map<string, Machine>(), lookedAt = -Infinity } = seen.get(estate.key) ?? {};
      if (now - lookedAt < estate.intervalMs / 2) continue;
      const running = await look(estate, cloud.owner, ran, tell, signal).catch((err: unknown) => {
        if (!signal.aborted) cloud.log.warn({ err }, 'machines of Compute Engine could not be listed');
        return ran;
      });
      seen.set(estate.key, { ran: running, lookedAt: now });
    }
    const wait = Math.min(RETRY_MS, ...estates.map(({ intervalMs }) => intervalMs));
    await pause(jittered(wait), signal).catch(() => {});
  }
}

/** @param ran what ran at the last look, by id. @returns what runs now. */
async function look(
  { machines }: Estate,
  owner: string,
  ran: ReadonlyMap<string, Machine>,
  tell: (change: Change) => void,
  signal: AbortSignal,
): Promise<Map<string, Machine>> {
  const all = new Map((await machines.labelled(LABELS.owner, owner, signal)).map((one) => [one.id, one]));
  for (const [id, before] of ran) {
    const now = all.get(id);
    const { resource: name, generation } = marksOf(before);
    const isSame = now !== undefined && marksOf(now).generation === generation;
    if (name === undefined || (isSame && isAlive(now)) || (now !== undefined && !isSame)) continue;
    const reason = now === undefined ? 'the machine was deleted' : await reasonOf(now, machines, signal);
    tell({ kind: 'ended', name, generation, reason });
  }
  return new Map([...all].filter(([, machine]) => isAlive(machine)));
}

const isAlive = (machine: Machine): boolean => ['running', 'moving'].includes(stateOf(machine));
