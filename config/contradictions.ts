/** What no single key shows: settings that are each right and together are not. */
import { accessContradictions } from './access-contradictions.js';
import { addressesClash, type HostPort, isLoopback, splitAddress } from './addresses.js';
import { dockerContradictions } from './docker-contradictions.js';
import { imageContradictions } from './image-contradictions.js';
import { poolContradictions } from './pool-contradictions.js';
import { commandContradictions } from './providers/command-contradictions.js';
import { ec2Contradictions } from './providers/ec2-contradictions.js';
import { gceContradictions } from './providers/gce-contradictions.js';
import { httpContradictions } from './providers/http-contradictions.js';
import { pulumiContradictions } from './providers/pulumi-contradictions.js';
import { qemuContradictions } from './providers/qemu-contradictions.js';
import { pattern } from './route-captures.js';
import type { LooseConfigFile } from './schema.js';
import { siteContradictions } from './site-contradictions.js';
import { tcpContradictions } from './tcp-contradictions.js';
import { tcpDoors } from './tcp-doors.js';
import { formatDuration } from './units.js';
import { dotted, type Path } from './yaml-source.js';

export interface Contradiction {
  /** The culprit first, then what it contradicts. */
  paths: [Path, ...Path[]];
  /** Whether the key itself is wrong or missing, not its value. */
  atKey?: boolean;
  message: string;
  expected: string;
}

export function findContradictions(config: LooseConfigFile): Contradiction[] {
  return [
    ...controlToken(config),
    ...workerMetricsToken(config),
    ...listeners(config),
    ...holds(config),
    ...tlsPair(config),
    ...routes(config),
    ...fixedEndpoints(config),
    ...quotas(config),
    ...accessContradictions(config),
    ...tcpContradictions(config),
    ...poolContradictions(config),
    ...dockerContradictions(config),
    ...imageContradictions(config),
    ...commandContradictions(config),
    ...qemuContradictions(config),
    ...httpContradictions(config),
    ...ec2Contradictions(config),
    ...pulumiContradictions(config),
    ...siteContradictions(config),
    ...gceContradictions(config),
    ...Object.entries(config.resources).flatMap(([name, definition]) => resource(name, definition)),
  ];
}

function controlToken({ control }: LooseConfigFile): Contradiction[] {
  const isOpen = control.token === undefined && control.access === undefined;
  if (!isOpen || isLoopback(splitAddress(control.listen).host)) return [];
  return [
    {
      paths: [
        ['control', 'listen'],
        ['control', 'token'],
      ],
      message: `${control.listen} can be reached from other machines and control.token is missing`,
      expected:
        'a control.token such as ${env:REVEILLE_TOKEN}, control.access, or a listen address on loopback',
    },
  ];
}

function workerMetricsToken({ control, worker: { metrics } }: LooseConfigFile): Contradiction[] {
  if (metrics === undefined || control.token !== undefined || isLoopback(splitAddress(metrics).host))
    return [];
  return [
    {
      paths: [
        ['worker', 'metrics'],
        ['control', 'token'],
      ],
      message: `${metrics} can be reached from other machines and control.token is missing`,
      expected: 'a control.token such as ${env:REVEILLE_TOKEN}, or an address on loopback',
    },
  ];
}

interface Listener extends HostPort {
  path: Path;
}

function listeners(config: LooseConfigFile): Contradiction[] {
  const { proxy, control, temporal } = config;
  const all: Listener[] = [
    { path: ['proxy', 'listen'], ...splitAddress(proxy.listen) },
    { path: ['proxy', 'control'], ...splitAddress(proxy.control) },
    { path: ['control', 'listen'], ...splitAddress(control.listen) },
  ];
  const { metrics } = config.worker;
  if (metrics !== undefined) all.push({ path: ['worker', 'metrics'], ...splitAddress(metrics) });
  if ('embedded' in temporal) {
    const host = '127.0.0.1';
    all.push({ path: ['temporal', 'embedded', 'port'], host, port: temporal.embedded.port });
    all.push({ path: ['temporal', 'embedded', 'uiPort'], host, port: temporal.embedded.uiPort });
  }
  all.push(...tcpDoors(config));
  return all.flatMap((one, index) => {
    const other = all.slice(0, index).find((earlier) => addressesClash(earlier, one));
    return other === undefined
      ? []
      : [
          {
            paths: [one.path, other.path] as [Path, Path],
            message: `port ${one.port} is also that of ${dotted(other.path)}`,
            expected: 'a port of its own for each',
          },
        ];
  });
}

function holds({ proxy: { hold } }: LooseConfigFile): Contradiction[] {
  if (hold.perResource <= hold.total) return [];
  return [
    {
      paths: [
        ['proxy', 'hold', 'perResource'],
        ['proxy', 'hold', 'total'],
      ],
      message: `${hold.perResource} is more than proxy.hold.total, which is ${hold.total}`,
      expected: 'at most proxy.hold.total',
    },
  ];
}

function tlsPair({ temporal }: LooseConfigFile): Contradiction[] {
  if (!('tls' in temporal) || typeof temporal.tls === 'boolean') return [];
  const { cert, key } = temporal.tls;
  if ((cert === undefined) === (key === undefined)) return [];
  const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
  return [
    {
      paths: [
        ['temporal', 'tls', given],
        ['temporal', 'tls', missing],
      ],
      message: `temporal.tls.${missing} is missing`,
      expected: 'cert and key together, or neither',
    },
  ];
}

function routes({ resources, pools }: LooseConfigFile): Contradiction[] {
  const taken = new Map<string, { name: string; path: Path }>();
  const found: Contradiction[] = [];
  const all = [
    ...Object.entries(resources).map(([name, one]) => ({ section: 'resources', name, list: one.routes })),
    ...Object.entries(pools).map(([name, one]) => ({ section: 'pools', name, list: one.routes })),
  ];
  for (const { section, name, list } of all) {
    list.forEach((route, index) => {
      if ('tcp' in route) return;
      // A prefix ends at a segment: /app and /app/ lead to the same place; a host alone is its path /.
      const prefix = 'path' in route ? route.path.replace(/\/$/, '') : '';
      const host = route.host ?? '';
      const where = `${host}${prefix === '' ? '/' : prefix}`;
      const path: Path = [section, name, 'routes', index];
      const other = taken.get(pattern(where));
      if (!other) taken.set(pattern(where), { name, path });
      else {
        found.push({
          paths: [path, other.path],
          message: `the route ${where} already leads to ${other.name}`,
          expected: 'each host and path once',
        });
      }
    });
  }
  return found;
}

function fixedEndpoints({ resources }: LooseConfigFile): Contradiction[] {
  const taken: Array<{ name: string; path: Path } & HostPort> = [];
  const found: Contradiction[] = [];
  for (const [name, { endpoint }] of Object.entries(resources)) {
    if (endpoint.port === 'auto') continue;
    const one = {
      name,
      path: ['resources', name, 'endpoint', 'port'],
      host: endpoint.host,
      port: endpoint.port,
    };
    const other = taken.find((earlier) => addressesClash(earlier, one));
    if (!other) taken.push(one);
    else {
      found.push({
        paths: [one.path, other.path],
        message: `${endpoint.host}:${endpoint.port} is also the endpoint of ${other.name}`,
        expected: 'an endpoint of its own for each resource, or auto',
      });
    }
  }
  return found;
}

function resource(
  name: string,
  { idle, lease, backoff, placement }: LooseConfigFile['resources'][string],
): Contradiction[] {
  const at = (...keys: string[]): Path => ['resources', name, ...keys];
  const found: Contradiction[] = [];
  if (lease.time !== 'auto' && lease.time > idle.after) {
    found.push({
      paths: [at('lease', 'time'), at('idle', 'after')],
      message: `${formatDuration(lease.time)} is longer than idle.after, which is ${formatDuration(idle.after)}`,
      expected: 'auto, or at most idle.after',
    });
  }
  if (placement.moves && placement.hosts?.length === 1) {
    found.push({
      paths: [at('placement', 'moves'), at('placement', 'hosts')],
      message: 'there is no other host that it could move to',
      expected: 'a second host, or moves: false',
    });
  }
  if (backoff.first > backoff.max) {
    found.push({
      paths: [at('backoff', 'first'), at('backoff', 'max')],
      message: `${formatDuration(backoff.first)} is longer than backoff.max, which is ${formatDuration(backoff.max)}`,
      expected: 'at most backoff.max',
    });
  }
  if (idle.probe && (idle.probe.url === undefined) === (idle.probe.command === undefined)) {
    found.push({
      paths: [at('idle', 'probe'), at('idle', 'probe', 'url'), at('idle', 'probe', 'command')],
      message:
        idle.probe.url === undefined ? 'neither url nor command is given' : 'url and command are both given',
      expected: 'one of url and command',
    });
  }
  return found;
}

/** A quota of a provider that nothing has would bound nothing, and nobody would notice. */
function quotas(config: LooseConfigFile): Contradiction[] {
  const used = new Set(Object.values(config.resources).map(({ provider }) => provider ?? ''));
  const unused = Object.keys(config.quotas).filter((provider) => !used.has(provider as never));
  return unused.map((provider) => ({
    paths: [['quotas', provider]],
    message: `no resource has the provider ${provider}`,
    expected: used.size === 0 ? 'no quota' : `a quota of ${[...used].join(' or ')}`,
  }));
}
