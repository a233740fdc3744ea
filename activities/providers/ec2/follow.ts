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
  /** What the last look that was answered has seen. */
  const seen = new Map<View, Machines>();
  while (!signal.aborted) {
    for (const account of await accounts.all()) {
      const now = await look(accounts, account);
      if (now === undefined) continue;
      const before: Machines = seen.get(account.view) ?? new Map();
      for (const one of now.values()) tellOfEnd(before.get(one.id), one, tell);
      for (const one of before.values()) if (!now.has(one.id)) tellOfEnd(one, undefined, tell);
      seen.set(account.view, now);
    }
    const watches = accounts.resources().map(({ definition }) => definition.ec2?.watch ?? NOTHING_MS);
    await pause(Math.min(NOTHING_MS, ...watches), signal).catch(() => {});
  }
}

/** Its generation has not been told to end. */
const isWanted = (machine: Machine): boolean => machine.generation > 0 && !isAsleep(machine);

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

/**
 * Tells of what has ended while nobody looked, too. What is stopped is told of again at each look, until a stop or a boot
 * has dealt with it; what is terminated, of which the cloud tells for an hour, once.
 */
function tellOfEnd(
  before: Machine | undefined,
  after: Machine | undefined,
  tell: (change: Change) => void,
): void {
  const machine = after ?? before;
  if (machine?.resource === undefined || !isWanted(machine)) return;
  if (after === undefined ? !isAlive(machine) : isAlive(after) || isToldOf(before, after)) return;
  const reason = after === undefined ? 'the cloud no longer knows the instance' : endOf(machine);
  tell({ kind: 'ended', name: machine.resource, generation: machine.generation, reason });
}

const isToldOf = (before: Machine | undefined, after: Machine): boolean =>
  after.state === 'terminated' && before?.state === 'terminated' && before.generation === after.generation;

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
