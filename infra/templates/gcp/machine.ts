import { createHash } from 'node:crypto';
import { Address } from '@pulumi/gcp/compute/address.js';
import { Firewall } from '@pulumi/gcp/compute/firewall.js';
import { Instance } from '@pulumi/gcp/compute/instance.js';
import { Provider } from '@pulumi/gcp/provider.js';
import type { Input } from '@pulumi/pulumi';
import type { GcpVmArgs } from '../../../dist/config/index.js';
import type { TemplateContext, TemplateOutputs } from '../../runner/context.js';

type Machine = Omit<GcpVmArgs, 'startupScript'>;

/** What it runs: the image, and the metadata by which the machine is told. */
interface Runs {
  readonly metadata?: Readonly<Record<string, Input<string>>>;
  readonly metadataStartupScript?: Input<string> | undefined;
}

const MAX_NAME = 63;
/** What Pulumi adds where it makes a name of its own: a hyphen and seven digits. */
const SUFFIX = 8;

/** A machine of Google Cloud, with firewall rules where somebody may reach it. */
export function gcpMachine(args: Machine, runs: Runs, context: TemplateContext): TemplateOutputs {
  const { project, zone, port, externalAddress } = args;
  const name = machineName(context.name);
  const region = zone.replace(/-[a-z]$/, '');
  const options = { provider: new Provider('gcp', { project, region, zone }) };
  const labels = context.tags;
  for (const [suffix, opened, from] of [
    ['port', port, args.allow],
    ['ssh', 22, args.allowSsh],
  ] as const) {
    if (from.length === 0) continue;
    new Firewall(
      `${fitted(name, MAX_NAME - SUFFIX - suffix.length - 1)}-${suffix}`,
      {
        network: args.network,
        direction: 'INGRESS',
        allows: [{ protocol: 'tcp', ports: [String(opened)] }],
        sourceRanges: [...from],
        targetTags: [name],
      },
      options,
    );
  }
  const reserved =
    externalAddress === 'static'
      ? new Address(fitted(name, MAX_NAME - SUFFIX), { region }, options)
      : undefined;
  const { metadataStartupScript, metadata } = runs;
  const { size, type } = args.disk;
  const machine = new Instance(
    name,
    {
      name,
      zone,
      machineType: args.machineType,
      tags: [name],
      labels,
      // A disk or a type that was changed is changed in place.
      allowStoppingForUpdate: true,
      bootDisk: {
        autoDelete: true,
        initializeParams: {
          image: args.image,
          ...(size === undefined ? {} : { size }),
          ...(type === undefined ? {} : { type }),
        },
      },
      networkInterfaces: [
        {
          network: args.network,
          ...(args.subnetwork === undefined ? {} : { subnetwork: args.subnetwork }),
          accessConfigs:
            externalAddress === 'none' ? [] : [reserved === undefined ? {} : { natIp: reserved.address }],
        },
      ],
      scheduling: args.spot
        ? {
            provisioningModel: 'SPOT',
            preemptible: true,
            automaticRestart: false,
            instanceTerminationAction: 'STOP',
          }
        : { provisioningModel: 'STANDARD', automaticRestart: true },
      shieldedInstanceConfig: { enableSecureBoot: true, enableVtpm: true, enableIntegrityMonitoring: true },
      metadata: { 'block-project-ssh-keys': 'true', ...metadata },
      ...(metadataStartupScript === undefined ? {} : { metadataStartupScript }),
    },
    {
      ...options,
      // It is started and stopped by Reveille: what it is just now is no change.
      ignoreChanges: ['desiredStatus'],
    },
  );
  return {
    provider: 'gce',
    settings: {
      project,
      zone,
      name: machine.name,
      port,
      externalAddress: reserved === undefined ? externalAddress : reserved.address,
      reach: externalAddress === 'none' ? 'internal' : 'external',
    },
  };
}

/** Compute Engine wants a letter first. */
const machineName = (name: string): string => fitted(/^[a-z]/.test(name) ? name : `r-${name}`, MAX_NAME);

/** A name of so many characters at most; of what is cut off, a digest of the whole tells it from others. */
function fitted(name: string, most: number): string {
  if (name.length <= most) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `${name.slice(0, most - digest.length - 1).replace(/-+$/, '')}-${digest}`;
}
