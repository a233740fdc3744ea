import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../config/index.js';
import { needs } from '../kit/engines.js';
import { type Created, only } from '../kit/pulumi-mocks.js';
import { runTemplate as run, TEMPLATE_FILES } from '../kit/pulumi-templates.js';

const group = (resources: Created[]) => only(resources, 'aws:ec2/securityGroup:SecurityGroup').inputs;
const machine = (resources: Created[]) => only(resources, 'aws:ec2/instance:Instance').inputs;
const computer = (resources: Created[]) => only(resources, 'gcp:compute/instance:Instance').inputs;
const needed = needs('pulumi-clouds');

test('no template opens a port to anybody unless asked', needed, async () => {
  for (const template of Object.keys(TEMPLATE_FILES)) {
    const { resources } = await run(template);
    for (const { type, inputs } of resources) {
      if (type === 'aws:ec2/securityGroup:SecurityGroup') assert.deepEqual(inputs.ingress, [], template);
      assert.notEqual(type, 'gcp:compute/firewall:Firewall', template);
    }
    const text = JSON.stringify(resources.map(({ inputs: { egress: _, ...rest } }) => rest));
    assert.doesNotMatch(text, /0\.0\.0\.0|::\/0/, template);
  }
});

test('a port is open to those who are named, and to the world where that is said', needed, async () => {
  for (const template of ['aws-vm', 'aws-container', 'eucalyptus-vm']) {
    const { resources } = await run(template, { port: 8080, allow: ['10.0.0.0/8', 'world'] });
    const cidrBlocks = ['10.0.0.0/8', '0.0.0.0/0'];
    const expected = [{ protocol: 'tcp', fromPort: 8080, toPort: 8080, cidrBlocks }];
    assert.deepEqual(group(resources).ingress, expected, template);
  }
  for (const template of ['gcp-vm', 'gcp-container']) {
    const { resources } = await run(template, { port: 8080, allow: ['10.0.0.0/8'] });
    const { inputs } = only(resources, 'gcp:compute/firewall:Firewall');
    assert.deepEqual(inputs.allows, [{ protocol: 'tcp', ports: ['8080'] }]);
    assert.deepEqual(inputs.sourceRanges, ['10.0.0.0/8']);
    assert.deepEqual(inputs.targetTags, computer(resources).tags, 'to this machine alone');
  }
});

test('ssh is open only to those who are named for it', needed, async () => {
  const aws = group((await run('aws-vm', { allowSsh: ['192.0.2.0/24'] })).resources);
  assert.deepEqual(aws.ingress, [
    { protocol: 'tcp', fromPort: 22, toPort: 22, cidrBlocks: ['192.0.2.0/24'] },
  ]);
  const { resources } = await run('gcp-vm', { allowSsh: ['192.0.2.0/24'] });
  assert.deepEqual(only(resources, 'gcp:compute/firewall:Firewall').inputs.allows, [
    { protocol: 'tcp', ports: ['22'] },
  ]);
});

test(
  'every template names its instance and its provider, in settings that the provider takes',
  needed,
  async () => {
    for (const template of Object.keys(TEMPLATE_FILES)) {
      const { outputs } = await run(template);
      assert.equal(outputs.provider, template.startsWith('gcp') ? 'gce' : 'ec2');
      // An id of the cloud, where the mock has made one up.
      const settings = { ...outputs.settings, ...(outputs.provider === 'ec2' ? { instance: 'i-1' } : {}) };
      readSettings(outputs.provider, settings);
      assert.ok(outputs.settings.instance === 'vm-id' || outputs.settings.name === 'vm', template);
    }
  },
);

test(
  'a machine of AWS: an encrypted disk that goes with it, no credentials without a token, tags',
  needed,
  async () => {
    const disk = { size: '20GiB', type: 'gp3' };
    const { resources, outputs } = await run('aws-vm', {
      key: 'me',
      subnet: 'subnet-1',
      type: 't3.small',
      disk,
    });
    const { rootBlockDevice, metadataOptions, tags, ...rest } = machine(resources);
    assert.deepEqual(rootBlockDevice, {
      encrypted: true,
      deleteOnTermination: true,
      volumeSize: 20,
      volumeType: 'gp3',
    });
    assert.deepEqual(metadataOptions, { httpTokens: 'required', httpPutResponseHopLimit: 1 });
    assert.deepEqual(tags, { Name: 'vm', 'reveille-resource': 'vm' });
    assert.deepEqual(
      [rest.ami, rest.instanceType, rest.keyName, rest.subnetId, rest.vpcSecurityGroupIds],
      ['ami-1', 't3.small', 'me', 'subnet-1', ['vm-id']],
    );
    assert.equal(rest.associatePublicIpAddress, undefined);
    assert.deepEqual(outputs.settings, {
      region: 'eu-central-1',
      instance: 'vm-id',
      port: 80,
      address: 'private',
      keepsAddress: true,
    });
  },
);

test('an Elastic IP is there only where it is asked for, and then it is the address', needed, async () => {
  const without = await run('aws-vm', { address: 'public' });
  assert.ok(!without.resources.some(({ type }) => type === 'aws:ec2/eip:Eip'));
  assert.equal(without.outputs.settings.keepsAddress, false);
  const { resources, outputs } = await run('aws-vm', { elasticIp: true });
  assert.equal(only(resources, 'aws:ec2/eip:Eip').inputs.instance, 'vm-id');
  assert.deepEqual([outputs.settings.address, outputs.settings.keepsAddress], ['public', true]);
});

test('a Eucalyptus site is spoken to at its endpoint, and nowhere else', needed, async () => {
  const { resources, outputs } = await run('eucalyptus-vm', { zone: 'one', key: 'me' });
  const { endpoints, region } = only(resources, 'pulumi:providers:aws').inputs;
  assert.deepEqual(JSON.parse(String(endpoints)), [{ ec2: 'http://10.0.0.1:8773/services/compute' }]);
  assert.equal(region, 'eucalyptus');
  assert.equal(machine(resources).availabilityZone, 'one');
  assert.equal(outputs.settings.endpoint, 'http://10.0.0.1:8773/services/compute');
});

test(
  'a machine of a Eucalyptus site reaches others, unless the site knows no such rules',
  needed,
  async () => {
    const out = [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }];
    assert.deepEqual(group((await run('eucalyptus-vm')).resources).egress, out);
    const { resources } = await run('eucalyptus-vm', { egress: false });
    assert.equal(group(resources).egress, undefined);
    assert.deepEqual(machine(resources).vpcSecurityGroupIds, ['vm-id']);
  },
);

test(
  'a machine of Google Cloud: no address in the internet unless asked, a static one where asked',
  needed,
  async () => {
    const [network] = computer((await run('gcp-vm')).resources).networkInterfaces as {
      accessConfigs: object[];
    }[];
    assert.deepEqual(network?.accessConfigs, []);
    const { resources, outputs } = await run('gcp-vm', { externalAddress: 'static', spot: true });
    const [fixed] = computer(resources).networkInterfaces as { accessConfigs: object[] }[];
    assert.deepEqual(fixed?.accessConfigs, [{ natIp: '203.0.113.7' }]);
    assert.equal(outputs.settings.reach, 'external');
    assert.deepEqual(computer(resources).scheduling, {
      provisioningModel: 'SPOT',
      preemptible: true,
      automaticRestart: false,
      instanceTerminationAction: 'STOP',
    });
  },
);

test('names that are too long for Google Cloud are cut, and stay different', needed, async () => {
  const open = { allow: ['10.0.0.0/8'], allowSsh: ['10.0.0.0/8'], externalAddress: 'static' };
  // As long as a name may be, and each with a letter to be put before it.
  const names = ['a', 'b'].map((end) => `${'1'.repeat(62)}${end}`);
  const made = await inTurn(names, async (name) => (await run('gcp-vm', open, { name })).resources);
  const machines = made.map((resources) => computer(resources).name);
  for (const name of machines) assert.match(String(name), /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
  assert.notEqual(machines[0], machines[1]);
  // What is named by Pulumi gets a hyphen and seven digits more.
  const named = made.flat().filter(({ type }) => /:(Firewall|Address)$/.test(type));
  assert.equal(named.length, 6);
  for (const { name } of named) assert.ok(name.length + 8 <= 63, name);
  const short = await run('gcp-vm', open, { name: '1' });
  assert.equal(computer(short.resources).name, 'r-1', 'what fits stays as it is');
});

test(
  'a container is started by arguments and files, never by text of a shell, and its secrets stay such',
  needed,
  async () => {
    const args = { command: ['serve', '$(reboot)'], env: { TOKEN: 'a "quoted" $word' }, containerPort: 8000 };
    const aws = await run('aws-container', args, { secrets: ['env'] });
    const { userData } = machine(aws.resources) as { userData: { secret: string } };
    const google = await run('gcp-container', args, { secrets: ['env'] });
    const { metadata } = computer(google.resources) as { metadata: { secret?: Record<string, string> } };
    for (const [text, installs] of [
      [userData.secret, true],
      [JSON.stringify(metadata).includes('#cloud-config') ? userDataOf(metadata) : '', false],
    ] as const) {
      const [first, ...rest] = text.split('\n');
      assert.equal(first, '#cloud-config');
      const config = JSON.parse(rest.join('\n')) as {
        packages?: string[];
        runcmd: string[][];
        write_files: { content: string; permissions: string }[];
      };
      assert.deepEqual(config.packages, installs ? ['docker.io'] : undefined);
      const run = config.runcmd.at(-1) ?? [];
      assert.deepEqual(run.slice(-5), ['--publish', '80:8000', 'nginx', 'serve', '$(reboot)']);
      const [file] = config.write_files;
      assert.equal(Buffer.from(file?.content ?? '', 'base64').toString(), 'TOKEN=a "quoted" $word\n');
      assert.equal(file?.permissions, '0600');
    }
  },
);

/** One after the other: the library has one engine at a time. */
async function inTurn<From, To>(all: readonly From[], each: (one: From) => Promise<To>): Promise<To[]> {
  const done: To[] = [];
  for (const one of all) done.push(await each(one));
  return done;
}

/** The value, or the encrypted value, wherever the library put it. */
function userDataOf(metadata: { secret?: Record<string, string> } & Record<string, unknown>): string {
  const found = metadata.secret?.['user-data'] ?? metadata['user-data'];
  return typeof found === 'object' ? (found as { secret: string }).secret : String(found);
}
