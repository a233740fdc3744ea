import { pause } from '../../pause.js';
import type { Change, ProviderContext } from '../contract.js';
import { jittered } from './api.js';
import type { Cloud, Estate } from './cloud.js';
import { LABELS, marksOf } from './labels.js';
import type { Machine } from './resources.js';
import { stateOf } from './state.js';

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
  const seen = new Map<string, Seen>();
  while (!signal.aborted) {
    const estates = cloud.estates();
    for (const estate of estates) {
      const before = seen.get(estate.key) ?? { alive: new Map(), ended: new Set(), lookedAt: -Infinity };
      seen.set(estate.key, before);
      const now = performance.now();
      if (now - before.lookedAt < estate.intervalMs / 2) continue;
      before.lookedAt = now;
      await look(estate, cloud.owner, before, tell, signal).catch((err: unknown) => {
        if (!signal.aborted) cloud.log.warn({ err }, 'machines of Compute Engine could not be listed');
      });
    }
    const wait = Math.min(RETRY_MS, ...estates.map(({ intervalMs }) => intervalMs));
    await pause(jittered(wait), signal).catch(() => {});
  }
}

/** What was seen in one project. */
interface Seen {
  /** Machines that ran at the last look, by id. */
  alive: Map<string, Machine>;
  /** Runs of machines whose end has been told. Most are those that were stopped in good order: nobody minds. */
  ended: Set<string>;
  lookedAt: number;
}

/** A machine that ran so shortly that no look saw it running has ended all the same. */
async function look(
  { machines }: Estate,
  owner: string,
  seen: Seen,
  tell: (change: Change) => void,
  signal: AbortSignal,
): Promise<void> {
  const all = new Map((await machines.labelled(LABELS.owner, owner, signal)).map((one) => [one.id, one]));
  for (const [id, machine] of seen.alive) {
    const { resource: name, generation } = marksOf(machine);
    const isDeleted = name !== undefined && !all.has(id);
    if (isDeleted) tell({ kind: 'ended', name, generation, reason: 'the machine was deleted' });
  }
  const over = [...all.values()].filter((machine) => !isAlive(machine));
  for (const machine of over) {
    const { resource: name, generation } = marksOf(machine);
    if (name === undefined || seen.ended.has(runOf(machine))) continue;
    tell({ kind: 'ended', name, generation, reason: `the machine is ${machine.status}` });
  }
  seen.ended = new Set(over.map(runOf));
  seen.alive = new Map([...all].filter(([, machine]) => isAlive(machine)));
}

const isAlive = (machine: Machine): boolean => ['running', 'moving'].includes(stateOf(machine));
/** A generation has a machine for a moment before it starts it, too. */
const runOf = (machine: Machine): string =>
  `${machine.id}/${marksOf(machine).generation}/${machine.lastStartTimestamp}`;
