import { Eip } from '@pulumi/aws/ec2/eip.js';
import { Instance } from '@pulumi/aws/ec2/instance.js';
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { Provider } from '@pulumi/aws/provider.js';
import type { Input } from '@pulumi/pulumi';
import type { AwsVmArgs } from '../../../dist/config/index.js';
import type { TemplateContext, TemplateOutputs } from '../../runner/context.js';

/** A machine of AWS with a security group of its own, and an address of its own where that is asked for. */
export function awsMachine(
  args: AwsVmArgs,
  userData: Input<string> | undefined,
  context: TemplateContext,
): TemplateOutputs {
  const { name } = context;
  const { region, port, elasticIp } = args;
  const tags = { Name: name, ...context.tags };
  const options = { provider: new Provider('aws', { region }) };
  const group = new SecurityGroup(
    name,
    {
      description: `Who reaches ${name}`,
      ...given('vpcId', args.vpc),
      ingress: [...openings(port, args.allow), ...openings(22, args.allowSsh)],
      // Updates and images are fetched from the internet.
      egress: [
        { protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'], ipv6CidrBlocks: ['::/0'] },
      ],
      tags,
    },
    options,
  );
  const { size, type } = args.disk;
  const machine = new Instance(
    name,
    {
      ami: args.image,
      instanceType: args.type,
      vpcSecurityGroupIds: [group.id, ...args.securityGroups],
      ...given('keyName', args.key),
      ...given('subnetId', args.subnet),
      ...given('iamInstanceProfile', args.instanceProfile),
      ...given('userData', userData),
      ...(args.address === 'public' && !elasticIp ? { associatePublicIpAddress: true } : {}),
      rootBlockDevice: {
        encrypted: true,
        deleteOnTermination: true,
        ...given('volumeSize', size),
        ...given('volumeType', type),
      },
      // What the machine runs must not get its credentials by a request that somebody else chose.
      metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
      tags,
      volumeTags: tags,
    },
    options,
  );
  if (elasticIp) new Eip(name, { instance: machine.id, domain: 'vpc', tags }, options);
  return {
    provider: 'ec2',
    settings: {
      region,
      instance: machine.id,
      port,
      address: elasticIp ? 'public' : args.address,
      keepsAddress: elasticIp || args.address === 'private',
    },
  };
}

export const openings = (port: number, cidrBlocks: readonly string[]) =>
  cidrBlocks.length === 0
    ? []
    : [{ protocol: 'tcp', fromPort: port, toPort: port, cidrBlocks: [...cidrBlocks] }];

/** A property where it has a value, and none where it has not. */
export function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };
}
