import { pause } from '../../pause.js';
import type { Change, ProviderContext } from '../contract.js';
import type { Account, Accounts } from './accounts.js';
import { endOf, isAlive, isAsleep, isEnding, type Machine } from './machine.js';
import { isRefusal } from './refusals.js';
import type { View } from './view.js';

/** Until there may be something to look at, after a reload. */
const NOTHING_MS = 15_000;

type Machines = ReadonlyMap<string, Machine>;

/**
 * Looks at all accounts again and again, tells of instances that have ended without having been told to, and ends what
 * a worker that was paused has started for a generation that is over.
 */
export async function followInstances(
  accounts: Accounts,
  tell: (change: Change) => void,
  { signal }: ProviderContext,
): Promise<void> {
  /** What ran at the last look that was answered. */
  const running = new Map<View, Machines>();
  while (!signal.aborted) {
    for (const account of await accounts.all()) {
      const now = await look(accounts, account);
      if (now === undefined) continue;
      for (const before of running.get(account.view)?.values() ?? []) tellOfEnd(before, now, tell);
      running.set(account.view, new Map([...now].filter(([, machine]) => isAwake(machine))));
    }
    const watches = accounts.resources().map(({ definition }) => definition.ec2?.watch ?? NOTHING_MS);
    await pause(Math.min(NOTHING_MS, ...watches), signal).catch(() => {});
  }
}

const isAwake = (machine: Machine): boolean =>
  isAlive(machine) && !isAsleep(machine) && machine.generation > 0;

/** @returns undefined where the cloud did not answer: then nothing is known of any end. */
async function look(accounts: Accounts, account: Account): Promise<Machines | undefined> {
  try {
    const machines = await account.view.fresh(account.gapMs);
    await endStrays(accounts, account, machines);
    return new Map(machines.map((one) => [one.id, one]));
  } catch (error) {
    if (!isRefusal(error)) throw error;
    accounts.log.warn({ why: error.message }, 'the cloud does not tell what runs; it is asked again');
    return undefined;
  }
}

function tellOfEnd(before: Machine, now: Machines, tell: (change: Change) => void): void {
  const after = now.get(before.id);
  const { resource: name, generation } = before;
  // Another generation has it, or it was told to end: that is somebody's doing.
  if (name === undefined || (after !== undefined && (after.generation !== generation || isAsleep(after))))
    return;
  if (after !== undefined && isAlive(after)) return;
  const reason = after === undefined ? 'the cloud no longer knows the instance' : endOf(after);
  tell({ kind: 'ended', name, generation, reason });
}

/** The stop of a generation has succeeded before the next one boots: what runs of it beside that one came too late. */
async function endStrays(
  accounts: Accounts,
  { cloud }: Account,
  machines: readonly Machine[],
): Promise<void> {
  const youngest = new Map<string, number>();
  for (const one of machines.filter((machine) => !isEnding(machine))) {
    const { resource = '', generation } = one;
    youngest.set(resource, Math.max(youngest.get(resource) ?? 0, generation));
  }
  for (const one of machines) {
    const { id, resource = '', generation, made } = one;
    if (made === undefined || isEnding(one) || generation >= (youngest.get(resource) ?? 0)) continue;
    accounts.log.warn({ resource, instance: id, generation }, 'terminating what came too late');
    await cloud.terminate(id);
  }
}
