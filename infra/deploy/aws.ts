import { Group } from '@pulumi/aws/autoscaling/group.js';
import { LaunchTemplate } from '@pulumi/aws/ec2/launchTemplate.js';
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { InstanceProfile } from '@pulumi/aws/iam/instanceProfile.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { Listener } from '@pulumi/aws/lb/listener.js';
import { LoadBalancer } from '@pulumi/aws/lb/loadBalancer.js';
import { TargetGroup } from '@pulumi/aws/lb/targetGroup.js';
import { Provider } from '@pulumi/aws/provider.js';
import type { Input, Output } from '@pulumi/pulumi';
import { start } from './start.js';

/** What deploys Reveille itself. Temporal is a cluster or Temporal Cloud, named in `configuration`. */
export interface DeployArgs {
  readonly region: string;
  readonly vpc: string;
  /** Of at least two zones: for the load balancer, proxies and workers. */
  readonly subnets: readonly string[];
  /** An image with Node, the AWS command line, Reveille in /opt/reveille, its user and the units of systemd/. */
  readonly image: string;
  /** Of the load balancer's name (ACM). */
  readonly certificate: string;
  /** Who reaches the load balancer: CIDR blocks. */
  readonly allow: readonly string[];
  /** reveille.yaml: the same for all parts. Secrets in it are references to the environment. */
  readonly configuration: string;
  /** A secret of Secrets Manager whose text is the environment: NAME=VALUE lines, REVEILLE_SECRET among them. */
  readonly environment: string;
  /** Policy document of what workers may do at the cloud: docs/clouds.md has the least. Default: nothing. */
  readonly workerPolicy?: string | undefined;
  readonly proxies?: number;
  readonly workers?: number;
  readonly type?: string;
}

const PORT = 8080;
/** `proxy.control` of the configuration: where workers ask proxies. */
const CONTROL_PORT = 7400;
/** Ports between the parts, and nobody else. */
const tcp = (port: number, from: Input<string>) => ({
  protocol: 'tcp',
  fromPort: port,
  toPort: port,
  securityGroups: [from],
});
const OUT = [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }];

/** Proxies behind a load balancer, and workers that nobody reaches. @returns the load balancer's name. */
export function deploy(args: DeployArgs): { url: Output<string> } {
  const { region, vpc: vpcId, subnets, allow } = args;
  const options = { provider: new Provider('aws', { region }) };
  const group = (name: string, description: string, ingress: object[]) =>
    new SecurityGroup(name, { vpcId, description, ingress: ingress as never, egress: OUT }, options);
  const entrance = group(
    'entrance',
    'Clients of Reveille',
    allow.map((block) => ({ protocol: 'tcp', fromPort: 443, toPort: 443, cidrBlocks: [block] })),
  );
  const workers = group('workers', 'Workers of Reveille: nobody reaches them', []);
  const proxies = group('proxies', 'Proxies of Reveille', [
    tcp(PORT, entrance.id),
    tcp(CONTROL_PORT, workers.id),
    tcp(CONTROL_PORT, entrance.id),
  ]);
  const balancer = new LoadBalancer(
    'reveille',
    {
      loadBalancerType: 'application',
      internal: false,
      securityGroups: [entrance.id],
      subnets: [...subnets],
      // Longer than a wake may be waited for (proxy.hold.time).
      idleTimeout: 400,
      dropInvalidHeaderFields: true,
    },
    options,
  );
  const targets = new TargetGroup(
    'proxies',
    {
      vpcId,
      port: PORT,
      protocol: 'HTTP',
      // Any answer says that the proxy lives, and this address forwards nothing: no resource is woken.
      healthCheck: { port: String(CONTROL_PORT), path: '/', matcher: '200-499', interval: 10 },
      deregistrationDelay: 30,
    },
    options,
  );
  new Listener(
    'https',
    {
      loadBalancerArn: balancer.arn,
      port: 443,
      protocol: 'HTTPS',
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      certificateArn: args.certificate,
      defaultActions: [{ type: 'forward', targetGroupArn: targets.arn }],
    },
    options,
  );
  const of = { args, options };
  machines('proxy', { ...of, group: proxies.id, size: args.proxies ?? 2, targets: [targets.arn] });
  machines('worker', { ...of, group: workers.id, size: args.workers ?? 2, policy: args.workerPolicy });
  return { url: balancer.dnsName };
}

interface Machines {
  readonly args: DeployArgs;
  readonly options: { provider: Provider };
  readonly group: Input<string>;
  readonly size: number;
  readonly targets?: Input<string>[];
  readonly policy?: string | undefined;
}

/** So many machines of one part, replaced when they die. */
function machines(part: 'proxy' | 'worker', { args, options, group, size, targets, policy }: Machines): void {
  const role = new Role(
    part,
    {
      assumeRolePolicy: statement({ Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }),
    },
    options,
  );
  const read = statement({ Action: 'secretsmanager:GetSecretValue', Resource: args.environment });
  new RolePolicy(`${part}-environment`, { role: role.id, policy: read }, options);
  if (policy !== undefined) new RolePolicy(`${part}-cloud`, { role: role.id, policy }, options);
  const profile = new InstanceProfile(part, { role: role.name }, options);
  const template = new LaunchTemplate(
    part,
    {
      imageId: args.image,
      instanceType: args.type ?? 't3.small',
      iamInstanceProfile: { arn: profile.arn },
      vpcSecurityGroupIds: [group],
      metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1, httpEndpoint: 'enabled' },
      userData: Buffer.from(start(part, args)).toString('base64'),
      updateDefaultVersion: true,
    },
    options,
  );
  new Group(
    part,
    {
      minSize: size,
      maxSize: size + 1,
      desiredCapacity: size,
      vpcZoneIdentifiers: [...args.subnets],
      launchTemplate: { id: template.id, version: '$Latest' },
      healthCheckType: targets === undefined ? 'EC2' : 'ELB',
      ...(targets === undefined ? {} : { targetGroupArns: targets }),
      // One by one, so that the others serve meanwhile.
      instanceRefresh: { strategy: 'Rolling', preferences: { minHealthyPercentage: 50 } },
      tags: [{ key: 'Name', value: `reveille-${part}`, propagateAtLaunch: true }],
    },
    options,
  );
}

const statement = (one: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...one }] });
