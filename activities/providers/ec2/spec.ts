import { createHash } from 'node:crypto';
import type { BlockDeviceMapping, Image, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { cloudIdOf } from '../../images/handed.js';
import type { BootRequest } from '../contract.js';
import type { Accounts, Ec2Settings } from './accounts.js';
import { paramsToTags, TAGS } from './tags.js';

/** One of the places and types at which a machine may be had. */
export interface Candidate {
  readonly type: string | undefined;
  readonly zone: string | undefined;
  readonly subnet: string | undefined;
}

/** In the order in which they are tried: each place with the first type, then each with the second. */
export function candidatesOf({ type, zones, subnets }: Ec2Settings): Candidate[] {
  return (type ?? [undefined]).flatMap((one) =>
    (subnets ?? zones ?? [undefined]).map((place) => ({
      type: one,
      zone: subnets === undefined ? place : undefined,
      subnet: subnets === undefined ? undefined : place,
    })),
  );
}

/** The same for each try of one generation at one candidate: the cloud creates one instance for it, however often asked. */
export function tokenOf(owner: string, { name, generation }: BootRequest, candidate: Candidate): string {
  const text = JSON.stringify([owner, name, generation, candidate]);
  return `reveille-${createHash('sha256').update(text).digest('hex').slice(0, 48)}`;
}

/**
 * What the cloud is asked to create.
 * @param image as the cloud describes it: which disks it has.
 * @throws ReveilleError REFERENCE_UNRESOLVED.
 */
export function specOf(
  accounts: Accounts,
  request: BootRequest,
  settings: Ec2Settings,
  { candidate, image }: { candidate: Candidate; image: Image | undefined },
): RunInstancesCommandInput {
  const { name, params, generation, revision, definition } = request;
  const { owner } = accounts;
  const { kernel, ramdisk, key, userData, instanceProfile, spot } = settings;
  const tags = {
    Name: `reveille/${name}`,
    ...settings.tags,
    [TAGS.owner]: owner,
    [TAGS.resource]: name,
    [TAGS.generation]: String(generation),
    [TAGS.made]: revision,
    ...paramsToTags(params),
  };
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { type, zone } = candidate;
  const disks = disksOf(settings, image);
  return {
    MinCount: 1,
    MaxCount: 1,
    ClientToken: tokenOf(owner, request, candidate),
    ImageId: cloudIdOf(settings.image ?? '', request.images),
    TagSpecifications: [
      { ResourceType: 'instance', Tags: list },
      // Disks tell whose they were, should one ever be left.
      { ResourceType: 'volume', Tags: list },
    ],
    ...(type === undefined ? {} : { InstanceType: type as RunInstancesCommandInput['InstanceType'] }),
    ...(zone === undefined ? {} : { Placement: { AvailabilityZone: zone } }),
    ...(kernel === undefined ? {} : { KernelId: kernel }),
    ...(ramdisk === undefined ? {} : { RamdiskId: ramdisk }),
    ...(key === undefined ? {} : { KeyName: key }),
    ...(userData === undefined ? {} : { UserData: base64(accounts.resolve(name, 'userData', userData)) }),
    ...(disks.length === 0 ? {} : { BlockDeviceMappings: disks }),
    ...(instanceProfile === undefined ? {} : { IamInstanceProfile: profileOf(instanceProfile) }),
    ...(spot === undefined
      ? {}
      : {
          InstanceMarketOptions: {
            MarketType: 'spot',
            ...(spot === true ? {} : { SpotOptions: { MaxPrice: spot.maxPrice } }),
          },
        }),
    ...(definition.idle.then === 'suspend' ? { HibernationOptions: { Configured: true } } : {}),
    ...networkOf(settings, candidate),
  };
}

/** A public address is a property of an interface, and an interface has groups and a subnet of its own. */
function networkOf(
  { securityGroups, publicAddress }: Ec2Settings,
  { subnet }: Candidate,
): Partial<RunInstancesCommandInput> {
  const isId = (group: string) => group.startsWith('sg-');
  const ids = securityGroups.filter(isId);
  const names = securityGroups.filter((group) => !isId(group));
  if (publicAddress !== undefined) {
    const rest = {
      ...(subnet === undefined ? {} : { SubnetId: subnet }),
      ...(ids.length === 0 ? {} : { Groups: ids }),
    };
    return {
      NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: publicAddress, ...rest }],
    };
  }
  return {
    ...(subnet === undefined ? {} : { SubnetId: subnet }),
    ...(ids.length === 0 ? {} : { SecurityGroupIds: ids }),
    ...(names.length === 0 ? {} : { SecurityGroups: names }),
  };
}

/** Each disk of the image goes with its instance; the one that it boots from is as the settings want it. */
function disksOf({ disk }: Ec2Settings, image: Image | undefined): BlockDeviceMapping[] {
  return (image?.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }) => {
    if (DeviceName === undefined || Ebs === undefined) return [];
    const wanted = DeviceName === image?.RootDeviceName ? disk : undefined;
    if (Ebs.DeleteOnTermination === true && wanted === undefined) return [];
    const { SnapshotId, VolumeSize, VolumeType, Iops } = Ebs;
    const own = { SnapshotId, VolumeSize, VolumeType, ...(wanted?.type === undefined ? { Iops } : {}) };
    const other = { VolumeSize: wanted?.size, VolumeType: wanted?.type, Encrypted: wanted?.encrypted };
    return [{ DeviceName, Ebs: { ...given(own), ...given(other), DeleteOnTermination: true } }];
  });
}

const given = (settings: object): object =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const profileOf = (text: string) => (text.startsWith('arn:') ? { Arn: text } : { Name: text });
