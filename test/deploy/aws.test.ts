import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { needs } from '../kit/engines.js';
import { type Created, created, only } from '../kit/pulumi-mocks.js';
import { root } from '../kit/scripts.js';

const ARGS = {
  region: 'eu-central-1',
  vpc: 'vpc-1',
  subnets: ['subnet-1', 'subnet-2'],
  image: 'ami-1',
  certificate: 'arn:certificate',
  allow: [],
  configuration: 'site: one # "$(reboot)"\n',
  environment: 'arn:secret',
};

const run = (more: object = {}) =>
  created<{ url: string }>('deploy/aws.js', (module) =>
    (module as unknown as { deploy(args: object): unknown }).deploy({ ...ARGS, ...more }),
  );

const groupsOf = (resources: Created[]) =>
  Object.fromEntries(
    resources
      .filter(({ type }) => type === 'aws:ec2/securityGroup:SecurityGroup')
      .map(({ name, inputs }) => [name, inputs.ingress]),
  );

test(
  'nobody reaches it unless somebody is named; then the load balancer alone, by TLS',
  needs('pulumi-clouds'),
  async () => {
    assert.deepEqual(groupsOf((await run()).resources).entrance, []);
    const { resources } = await run({ allow: ['192.0.2.0/24'] });
    const { entrance, proxies, workers } = groupsOf(resources);
    assert.deepEqual(entrance, [
      { protocol: 'tcp', fromPort: 443, toPort: 443, cidrBlocks: ['192.0.2.0/24'] },
    ]);
    assert.deepEqual(workers, []);
    assert.deepEqual(proxies, [
      { protocol: 'tcp', fromPort: 8080, toPort: 8080, securityGroups: ['entrance-id'] },
      { protocol: 'tcp', fromPort: 7400, toPort: 7400, securityGroups: ['workers-id'] },
      { protocol: 'tcp', fromPort: 7400, toPort: 7400, securityGroups: ['entrance-id'] },
    ]);
    const { protocol, certificateArn } = only(resources, 'aws:lb/listener:Listener').inputs;
    assert.deepEqual([protocol, certificateArn], ['HTTPS', 'arn:certificate']);
  },
);

test(
  'proxies stand behind the load balancer, workers do not, and both are replaced when they die',
  needs('pulumi-clouds'),
  async () => {
    const { resources } = await run({ proxies: 3, workers: 4 });
    const groups = resources.filter(({ type }) => type === 'aws:autoscaling/group:Group');
    const told = groups.map(({ name, inputs }) => [
      name,
      inputs.desiredCapacity,
      inputs.healthCheckType,
      (inputs.targetGroupArns as string[] | undefined)?.length ?? 0,
    ]);
    assert.deepEqual(told.sort(), [
      ['proxy', 3, 'ELB', 1],
      ['worker', 4, 'EC2', 0],
    ]);
  },
);

test(
  'a machine gets its configuration as a file and its secrets by its own right, none in its user data',
  needs('pulumi-clouds'),
  async () => {
    const { resources } = await run({ workerPolicy: '{"Version":"2012-10-17"}' });
    const templates = resources.filter(({ type }) => type === 'aws:ec2/launchTemplate:LaunchTemplate');
    assert.equal(templates.length, 2);
    for (const { name, inputs } of templates) {
      const [first, ...rest] = Buffer.from(String(inputs.userData), 'base64').toString().split('\n');
      assert.equal(first, '#cloud-config');
      const { write_files: files, runcmd } = JSON.parse(rest.join('\n')) as {
        write_files: { content: string }[];
        runcmd: string[][];
      };
      assert.equal(Buffer.from(files[0]?.content ?? '', 'base64').toString(), ARGS.configuration);
      assert.deepEqual(runcmd[0]?.slice(3), ['reveille', 'eu-central-1', 'arn:secret']);
      assert.deepEqual(runcmd[1]?.at(-1), `reveille-${name}.service`);
      assert.deepEqual((inputs.metadataOptions as { httpTokens: string }).httpTokens, 'required');
    }
    const policies = resources.filter(({ type }) => type === 'aws:iam/rolePolicy:RolePolicy');
    assert.deepEqual(policies.map(({ name }) => name).sort(), [
      'proxy-environment',
      'worker-cloud',
      'worker-environment',
    ]);
    for (const { inputs } of policies.filter(({ name }) => name.endsWith('-environment'))) {
      const [statement] = (JSON.parse(String(inputs.policy)) as { Statement: object[] }).Statement;
      const Resource = 'arn:secret';
      assert.deepEqual(statement, { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource });
    }
  },
);

test('the settings that Pulumi.yaml lists are those that the program reads', () => {
  const folder = join(root, 'infra/deploy');
  const { config, main } = parse(readFileSync(join(folder, 'Pulumi.yaml'), 'utf8')) as {
    config: Record<string, unknown>;
    main: string;
  };
  assert.equal(main, '../dist/deploy/main.js');
  const text = readFileSync(join(folder, 'main.ts'), 'utf8');
  const required = [...text.matchAll(/(?:require(?:Object<.*?>)?|read)\('(\w+)'\)/g)].map(([, key]) => key);
  assert.deepEqual(
    Object.keys(config)
      .filter((key) => key !== 'allow')
      .sort(),
    required.sort(),
  );
});
