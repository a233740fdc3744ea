import { Instance } from '@pulumi/aws/ec2/instance.js';
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { Provider } from '@pulumi/aws/provider.js';
import type { EucalyptusVmArgs } from '../../../dist/config/index.js';
import type { TemplateContext, TemplateOutputs } from '../../runner/context.js';
import { given, openings } from './machine.js';

/**
 * A machine of a Eucalyptus site, which the provider `ec2` wakes and stops at the same endpoint. Kernel and ramdisk are
 * the image's: it is registered with them.
 */
export default function eucalyptusVm(args: EucalyptusVmArgs, context: TemplateContext): TemplateOutputs {
  const { endpoint, region, port, address } = args;
  const { name, tags } = context;
  const site = new Provider('site', {
    region,
    endpoints: [{ ec2: endpoint }],
    // Of services that such a site need not have.
    skipCredentialsValidation: true,
    skipRequestingAccountId: true,
    skipMetadataApiCheck: true,
    skipRegionValidation: true,
  });
  const options = { provider: site };
  const group = new SecurityGroup(
    name,
    {
      description: `Who reaches ${name}`,
      ingress: openings(port, args.allow),
      // Pulumi's provider takes away the rule that the cloud makes by itself.
      ...(args.egress
        ? { egress: [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }] }
        : {}),
      tags,
    },
    options,
  );
  const machine = new Instance(
    name,
    {
      ami: args.image,
      instanceType: args.type,
      ...given('keyName', args.key),
      ...given('availabilityZone', args.zone),
      ...given('userData', args.userData),
      vpcSecurityGroupIds: [group.id],
      tags: { Name: name, ...tags },
    },
    { ...options, customTimeouts: { create: `${Math.ceil(args.patience / 1000)}s` } },
  );
  return { provider: 'ec2', settings: { region, endpoint, instance: machine.id, port, address } };
}
