import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import {
  type Config,
  hasGpus,
  resolveReferences,
  type SettingsOf,
  settingsOf,
} from '../../../config/index.js';
import { cloudIdOf, type HandedImages } from '../../images/handed.js';
import type { BootRequest } from '../contract.js';
import { cloudConfig } from './container.js';
import { labelsFor, PARAMS } from './labels.js';
import type { MetadataItem } from './resources.js';

type Settings = SettingsOf<'gce'>;

const GIB = 1024 ** 3;
const MAX_NAME = 63;
const DEBIAN = 'projects/debian-cloud/global/images';
const CONTAINER_OS = 'projects/cos-cloud/global/images/family/cos-stable';

/** The name of a resource's machine: one in the project, so that the cloud refuses a second one. */
export function machineName({ name, definition }: Pick<BootRequest, 'name' | 'definition'>): string {
  const { name: own } = settingsOf(definition, 'gce');
  if (own !== undefined) return own;
  if (/^[a-z]/.test(name)) return name;
  const prefixed = `vm-${name}`;
  if (prefixed.length <= MAX_NAME) return prefixed;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${prefixed.slice(0, MAX_NAME - 17).replace(/-+$/, '')}-${hash}`;
}

/**
 * What Compute Engine is told to create (https://cloud.google.com/compute/docs/reference/rest/v1/instances).
 * References are resolved here, and stand in the machine's metadata alone.
 * @throws ReveilleError REFERENCE_UNRESOLVED.
 */
export function specOf(request: BootRequest, zone: string, owner: string, config: Config): object {
  const settings = settingsOf(request.definition, 'gce');
  const { machineType, tags, disk } = settings;
  return {
    name: machineName(request),
    machineType: `zones/${zone}/machineTypes/${machineType}`,
    labels: labelsFor(request, owner, 'made'),
    tags: { items: tags },
    metadata: { items: metadataOf(request, config) },
    disks: [
      {
        boot: true,
        autoDelete: disk.autoDelete,
        initializeParams: {
          sourceImage: imageOf(settings, request.images),
          ...(disk.size === undefined ? {} : { diskSizeGb: String(Math.ceil(disk.size / GIB)) }),
          ...(disk.type === undefined ? {} : { diskType: `zones/${zone}/diskTypes/${disk.type}` }),
        },
      },
    ],
    networkInterfaces: [networkOf(settings, zone)],
    scheduling: schedulingOf(settings),
    ...acceleratorsOf(settings, zone),
    ...accountOf(settings),
  };
}

function imageOf({ image, container }: Settings, images: HandedImages | undefined): string {
  if (image === undefined) return container === undefined ? `${DEBIAN}/family/debian-12` : CONTAINER_OS;
  const id = cloudIdOf(image, images);
  return /^(https?:|projects\/|global\/)/.test(id) ? id : `${DEBIAN}/${id}`;
}

function networkOf({ network, subnetwork, externalAddress }: Settings, zone: string): object {
  const region = zone.slice(0, zone.lastIndexOf('-'));
  const within = (name: string, place: string) => (name.includes('/') ? name : `${place}/${name}`);
  const access = {
    type: 'ONE_TO_ONE_NAT',
    name: 'External NAT',
    ...(isIPv4(externalAddress) ? { natIP: externalAddress } : {}),
  };
  return {
    network: within(network, 'global/networks'),
    ...(subnetwork === undefined ? {} : { subnetwork: within(subnetwork, `regions/${region}/subnetworks`) }),
    ...(externalAddress === 'none' ? {} : { accessConfigs: [access] }),
  };
}

/** What may be taken away is not moved to another host, nor started again by the cloud: that is decided here. */
function schedulingOf(settings: Settings): object {
  const { provisioning } = settings;
  const isMoved = provisioning === 'standard' && !hasGpus(settings);
  const { onHostMaintenance: wanted = isMoved ? 'migrate' : 'terminate' } = settings;
  const scheduling = {
    automaticRestart: false,
    onHostMaintenance: wanted.toUpperCase(),
    preemptible: provisioning !== 'standard',
  };
  if (provisioning !== 'spot') return scheduling;
  return { ...scheduling, provisioningModel: 'SPOT', instanceTerminationAction: 'STOP' };
}

function acceleratorsOf({ accelerators }: Settings, zone: string): object {
  if (accelerators === undefined) return {};
  const { type, count } = accelerators;
  const acceleratorType = `zones/${zone}/acceleratorTypes/${type}`;
  return { guestAccelerators: [{ acceleratorType, acceleratorCount: count }] };
}

function accountOf({ scopes, serviceAccount }: Settings): object {
  if (scopes.length === 0 && serviceAccount === undefined) return {};
  const url = (scope: string) =>
    scope.startsWith('https:') ? scope : `https://www.googleapis.com/auth/${scope}`;
  const wanted = scopes.length === 0 ? ['cloud-platform'] : scopes;
  return { serviceAccounts: [{ email: serviceAccount ?? 'default', scopes: wanted.map(url) }] };
}

function metadataOf({ name, params, definition }: BootRequest, { folder }: Config): MetadataItem[] {
  const { metadata, startupScript, startupScriptUrl, container, port } = settingsOf(definition, 'gce');
  const resolved = (text: string, end: string) =>
    resolveReferences(text, { env: process.env, folder, key: `resources.${name}.gce.${end}` }).value;
  const items = Object.entries(metadata).map(([key, text]) => [key, resolved(text, `metadata.${key}`)]);
  if (startupScript !== undefined) items.push(['startup-script', resolved(startupScript, 'startupScript')]);
  if (startupScriptUrl !== undefined) items.push(['startup-script-url', startupScriptUrl]);
  if (container !== undefined) items.push(['user-data', cloudConfig(container, port, resolved)]);
  if (Object.keys(params).length > 0) items.push([PARAMS, JSON.stringify(params)]);
  return items.map(([key = '', value = '']) => ({ key, value }));
}
