import type { SettingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint } from '../../../workflows/messages.js';
import type { Machines } from './machines.js';
import { lastPart, type Machine } from './resources.js';

/**
 * What a machine's status means (https://cloud.google.com/compute/docs/instances/instance-lifecycle). An unknown one,
 * PROVISIONING, STAGING, REPAIRING: it is on its way to somewhere.
 */
export type State = 'running' | 'asleep' | 'suspended' | 'ending' | 'suspending' | 'moving';

const STATES: Readonly<Record<string, State>> = {
  RUNNING: 'running',
  TERMINATED: 'asleep',
  STOPPED: 'asleep',
  SUSPENDED: 'suspended',
  SUSPENDING: 'suspending',
  PENDING_STOP: 'ending',
  STOPPING: 'ending',
  DEPROVISIONING: 'ending',
};

export const stateOf = ({ status }: Machine): State => STATES[status] ?? 'moving';

/** The exact identity of a machine: its id, and where it is asked for. */
export const identityOf = ({ zone, id }: Machine): string => `${lastPart(zone)}/${id}`;

export function readIdentity(identity: string): { zone: string; id: string } | undefined {
  const [, zone, id] = /^([a-z0-9-]+)\/(\d{1,20})$/.exec(identity) ?? [];
  return zone === undefined || id === undefined ? undefined : { zone, id };
}

/** Where a machine is reached; undefined where it has no such address. */
export function addressOf(
  { networkInterfaces = [] }: Machine,
  { networkInterface, reach, port }: SettingsOf<'gce'>,
): Endpoint | undefined {
  const one = networkInterfaces[networkInterface];
  const external = one?.accessConfigs?.find(({ natIP }) => natIP !== undefined)?.natIP;
  const host = reach === 'internal' ? one?.networkIP : external;
  return host === undefined ? undefined : { host, port };
}

/** As `addressOf`. @throws ReveilleError BOOT_FAILED where it has no such address. */
export function endpointOf(machine: Machine, settings: SettingsOf<'gce'>): Endpoint {
  const found = addressOf(machine, settings);
  if (found !== undefined) return found;
  const { networkInterface, reach } = settings;
  const message = `the machine has no ${reach} address at its network interface ${networkInterface} (gce.reach, gce.networkInterface)`;
  throw new ReveilleError('BOOT_FAILED', message);
}

const ENDS: Readonly<Record<string, string>> = {
  'compute.instances.preempted': 'Compute Engine has taken the machine away (preempted)',
  'compute.instances.guestTerminate': 'the machine has shut itself down',
  'compute.instances.hostError': 'the host of the machine has failed',
  'compute.instances.terminateOnHostMaintenance': 'the host of the machine is under maintenance',
};

/** Why a machine does not run, in words. */
export async function reasonOf(machine: Machine, machines: Machines, signal: AbortSignal): Promise<string> {
  const [last] = await machines.operations(machine, signal).catch(() => []);
  const known = ENDS[last?.operationType ?? ''];
  if (known !== undefined) return known;
  return `the machine is ${machine.status}${machine.statusMessage ? `: ${machine.statusMessage}` : ''}`;
}
