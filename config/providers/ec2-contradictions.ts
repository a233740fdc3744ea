/** What is wrong with instances of EC2 although each of their settings is right. */
import type { Contradiction } from '../contradictions.js';
import type { LooseConfigFile } from '../schema.js';
import { either } from '../wording.js';
import type { Path } from '../yaml-source.js';
import type { SettingsOf } from './table.js';

type Resource = LooseConfigFile['resources'][string];
type Settings = SettingsOf<'ec2'>;
type At = (...keys: (string | number)[]) => Path;

const SOURCES = ['instance', 'find', 'image'] as const;
/** Said when an instance is created; one that exists has its own. */
const OF_CREATION = [
  'kernel',
  'ramdisk',
  'type',
  'zones',
  'subnets',
  'key',
  'publicAddress',
  'userData',
  'disk',
  'spot',
  'instanceProfile',
] as const;

export function ec2Contradictions({ resources }: LooseConfigFile): Contradiction[] {
  const taken = new Map<string, Path>();
  return Object.entries(resources).flatMap(([name, one]) => {
    const { ec2 } = one;
    if (ec2 === undefined) return [];
    const at: At = (...keys) => ['resources', name, 'ec2', ...keys];
    return [
      ...source(ec2, at),
      ...account(ec2, at),
      ...creation(ec2, one, at, name),
      ...addressStays(ec2, one, at, name),
      ...instanceTwice(ec2, one, at, name, taken),
    ];
  });
}

function source(ec2: Settings, at: At): Contradiction[] {
  const [first, second] = SOURCES.filter((key) => ec2[key] !== undefined);
  if (first === undefined)
    return [{ paths: [at()], message: 'says of no instance', expected: `one of ${either(SOURCES)}` }];
  if (second !== undefined) {
    const message = `${second} and ${first} exclude each other`;
    return [{ paths: [at(second), at(first)], message, expected: 'one of them' }];
  }
  if (first === 'image') return [];
  return OF_CREATION.filter((key) => ec2[key] !== undefined).map((key) => ({
    paths: [at(key), at(first)],
    message: `goes with image, not with ${first}`,
    expected: 'no such line',
  }));
}

function account({ endpoint, region, credentials, profile }: Settings, at: At): Contradiction[] {
  const found: Contradiction[] = [];
  if (endpoint !== undefined && region === undefined) {
    const message = 'with an endpoint of your own the region is missing: calls are signed with it';
    found.push({ paths: [at('endpoint'), at('region')], message, expected: 'the name of its region' });
  }
  if (credentials !== undefined && profile !== undefined) {
    const message = 'credentials and profile exclude each other';
    found.push({ paths: [at('profile'), at('credentials')], message, expected: 'one of them' });
  }
  return found;
}

function creation(ec2: Settings, { idle }: Resource, at: At, name: string): Contradiction[] {
  const found: Contradiction[] = [];
  if (ec2.zones !== undefined && ec2.subnets !== undefined) {
    const message = 'subnets are in zones of their own';
    found.push({ paths: [at('zones'), at('subnets')], message, expected: 'one of zones and subnets' });
  }
  const named = ec2.securityGroups.findIndex((group) => !group.startsWith('sg-'));
  if (ec2.publicAddress !== undefined && named !== -1) {
    const message = 'with publicAddress security groups go by their ids';
    const paths: Contradiction['paths'] = [at('securityGroups', named), at('publicAddress')];
    found.push({ paths, message, expected: 'an id such as sg-0123456789abcdef0' });
  }
  if (ec2.spot !== undefined && idle.then === 'suspend') {
    const message = 'what is spot cannot be suspended: its stop is a termination';
    const then: Path = ['resources', name, 'idle', 'then'];
    found.push({ paths: [then, at('spot')], message, expected: 'stop or delete' });
  }
  return found;
}

/** Another instance may have the address as soon as this one has stopped: leases.md 14. */
function addressStays(
  { keepsAddress }: Settings,
  { lease }: Resource,
  at: At,
  name: string,
): Contradiction[] {
  if (keepsAddress || lease.stretch === 0) return [];
  return [
    {
      paths: [at(), ['resources', name, 'lease', 'stretch']],
      message:
        'the cloud may give the address to another instance at once, and lease.stretch lets proxies use it longer',
      expected: 'lease: { stretch: 0 } beside it, or keepsAddress: true where nobody else gets it',
    },
  ];
}

/** One instance is one resource: two would stop it under each other. */
function instanceTwice(
  { instance, find }: Settings,
  { pool }: Resource,
  at: At,
  name: string,
  taken: Map<string, Path>,
): Contradiction[] {
  const key = instance === undefined ? 'find' : 'instance';
  if (instance === undefined && find === undefined) return [];
  if (pool !== undefined) {
    const message = 'the members of a pool cannot share one instance';
    const paths: Contradiction['paths'] = [at(key), ['resources', name, 'pool']];
    return [{ paths, message, expected: 'an image, from which each gets its own' }];
  }
  const what = instance ?? JSON.stringify(find);
  const other = taken.get(what);
  if (other === undefined) taken.set(what, at(key));
  const message = 'another resource has this instance already';
  return other === undefined ? [] : [{ paths: [at(key), other], message, expected: 'each instance once' }];
}
