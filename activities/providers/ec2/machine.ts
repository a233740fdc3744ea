import type { Instance as SdkInstance } from '@aws-sdk/client-ec2';
import { paramsFromTags, TAGS } from './tags.js';

export type MachineState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** An instance as the cloud tells of it. */
export interface Machine {
  readonly id: string;
  readonly state: MachineState;
  readonly owner: string | undefined;
  readonly resource: string | undefined;
  /** 0 where no boot has had it. */
  readonly generation: number;
  /** The generation whose stop has begun; 0 where none has. */
  readonly asleep: number;
  /** The generation that found it running; 0 where none has. */
  readonly adopted: number;
  /** What it was created from; undefined where it was not created by Reveille. */
  readonly made: string | undefined;
  readonly params: Record<string, string> | undefined;
  /** Why it is in its state, in the cloud's words. */
  readonly reason: string;
  /** When its disk came to be, else when it was started last; ms since 1970. */
  readonly createdAt: number;
  /** It has no disk that outlives its run, or is spot: it cannot be stopped, only terminated. */
  readonly endsForGood: boolean;
  readonly addresses: { readonly private: string; readonly public: string; readonly dns: string };
}

/** @returns undefined for what has no id or no state that is known. */
export function machineOf(instance: SdkInstance): Machine | undefined {
  const { InstanceId: id, State, StateReason, LaunchTime, PrivateDnsName, PublicDnsName } = instance;
  if (id === undefined || State?.Name === undefined) return undefined;
  const tags = Object.fromEntries((instance.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
  const disks = instance.BlockDeviceMappings ?? [];
  const attached = disks.map(({ Ebs }) => Ebs?.AttachTime?.getTime() ?? Number.MAX_SAFE_INTEGER);
  const code = StateReason?.Code ?? '';
  const said = StateReason?.Message || instance.StateTransitionReason || '';
  return {
    id,
    state: State.Name,
    owner: tags[TAGS.owner],
    resource: tags[TAGS.resource],
    generation: numberOf(tags[TAGS.generation]),
    asleep: numberOf(tags[TAGS.asleep]),
    adopted: numberOf(tags[TAGS.adopted]),
    made: tags[TAGS.made],
    params: paramsFromTags(tags),
    reason: said.startsWith(code) ? said : [code, said].filter((part) => part !== '').join(': '),
    createdAt: Math.min(...attached, LaunchTime?.getTime() ?? 0),
    endsForGood: instance.RootDeviceType === 'instance-store' || instance.InstanceLifecycle === 'spot',
    addresses: {
      private: instance.PrivateIpAddress ?? '',
      public: instance.PublicIpAddress ?? '',
      dns: PublicDnsName || PrivateDnsName || '',
    },
  };
}

/** Something else in a tag of ours counts as none: whoever writes there takes the instance from us. */
function numberOf(tag: string | undefined): number {
  return tag !== undefined && /^\d{1,15}$/.test(tag) ? Number(tag) : 0;
}

/** It runs, or is about to. */
export const isAlive = ({ state }: Machine): boolean => state === 'pending' || state === 'running';

/** It is gone, or is about to be. */
export const isEnding = ({ state }: Machine): boolean => state === 'shutting-down' || state === 'terminated';

/** A stop of the generation that has it has begun. */
export const isAsleep = ({ generation, asleep }: Machine): boolean => generation > 0 && asleep >= generation;

/** Why it does not run, for people. */
export function endOf({ state, reason }: Machine): string {
  const why = reason === '' ? '' : `: ${reason}`;
  if (/^Server\.Spot/.test(reason)) return `the cloud took the spot instance back${why}`;
  return `the instance is ${state}${why}`;
}
