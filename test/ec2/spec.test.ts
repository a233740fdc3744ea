import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Accounts } from '../../activities/providers/ec2/accounts.js';
import { candidatesOf, specOf } from '../../activities/providers/ec2/spec.js';
import { configSchema } from '../../config/index.js';
import { silentLog } from '../kit/silent-log.js';

const IMAGE = {
  RootDeviceName: '/dev/sda1',
  BlockDeviceMappings: [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: 'snap-1', VolumeSize: 8 } }],
};

test('every setting of a creation reaches the cloud under its name', () => {
  const ec2 = {
    region: 'eucalyptus',
    image: 'emi-1',
    kernel: 'eki-1',
    ramdisk: 'eri-1',
    type: ['m1.small', 'm1.large'],
    subnets: ['subnet-1'],
    key: 'my-key',
    securityGroups: ['sg-1', 'web'],
    userData: 'echo hello',
    disk: { size: '20GiB', type: 'gp3', encrypted: true },
    spot: { maxPrice: '0.05' },
    instanceProfile: 'arn:aws:iam::1:instance-profile/app',
    tags: { team: 'blue' },
    port: 80,
  };
  const backend = { provider: 'ec2', ec2, idle: { then: 'suspend' }, lease: { stretch: 0 } };
  const parsed = configSchema.parse({ site: 'yard', resources: { backend } });
  const config = { ...parsed, file: undefined, folder: '/nowhere' };
  const accounts = new Accounts({ config, stateDir: '/nowhere', host: 'host', log: silentLog });
  const definition = config.resources.backend;
  assert.ok(definition?.ec2);
  const request = { name: 'backend', params: {}, generation: 7, revision: 'r1', definition };
  const [candidate] = candidatesOf(definition.ec2);
  assert.ok(candidate);
  const { TagSpecifications, ClientToken, ...spec } = specOf(accounts, request, definition.ec2, {
    candidate,
    image: IMAGE,
  });
  assert.deepEqual(spec, {
    MinCount: 1,
    MaxCount: 1,
    ImageId: 'emi-1',
    InstanceType: 'm1.small',
    KernelId: 'eki-1',
    RamdiskId: 'eri-1',
    KeyName: 'my-key',
    UserData: Buffer.from('echo hello').toString('base64'),
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/sda1',
        Ebs: {
          SnapshotId: 'snap-1',
          VolumeSize: 20,
          VolumeType: 'gp3',
          Encrypted: true,
          DeleteOnTermination: true,
        },
      },
    ],
    IamInstanceProfile: { Arn: 'arn:aws:iam::1:instance-profile/app' },
    InstanceMarketOptions: { MarketType: 'spot', SpotOptions: { MaxPrice: '0.05' } },
    HibernationOptions: { Configured: true },
    SubnetId: 'subnet-1',
    SecurityGroupIds: ['sg-1'],
    SecurityGroups: ['web'],
  });
  assert.match(ClientToken ?? '', /^reveille-[0-9a-f]{48}$/);
  const tags = TagSpecifications?.map(({ Tags }) => Tags?.find(({ Key }) => Key === 'team')?.Value);
  assert.deepEqual(tags, ['blue', 'blue'], 'the instance and its disks');
});
