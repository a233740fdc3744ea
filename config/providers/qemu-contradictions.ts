/** What is wrong with virtual machines although each of their settings is right. */
import { isIPv4 } from 'node:net';
import type { Contradiction } from '../contradictions.js';
import type { LooseConfigFile } from '../schema.js';
import type { Path } from '../yaml-source.js';
import type { SettingsOf } from './table.js';

type Resource = LooseConfigFile['resources'][string];

export function qemuContradictions({ resources }: LooseConfigFile): Contradiction[] {
  const machines = Object.entries(resources).flatMap(([name, one]) =>
    one.provider === 'qemu' && one.qemu !== undefined ? [{ name, one, qemu: one.qemu }] : [],
  );
  const taken = new Map<string, Path>();
  return machines.flatMap(({ name, one, qemu }) => {
    const at = (...keys: (string | number)[]): Path => ['resources', name, ...keys];
    return [
      ...bootable(qemu, at),
      ...reachable(one, qemu, at),
      ...shared(one, qemu, at),
      ...forwardsTwice(qemu, at, taken),
    ];
  });
}

type At = (...keys: (string | number)[]) => Path;
type Settings = SettingsOf<'qemu'>;

function bootable({ disk, kernel }: Settings, at: At): Contradiction[] {
  if (disk !== undefined || kernel !== undefined) return [];
  const message = 'neither disk nor kernel is given';
  return [{ paths: [at('qemu'), at('qemu', 'disk')], message, expected: 'something to boot from' }];
}

function reachable({ endpoint, health }: Resource, { network, forwards }: Settings, at: At): Contradiction[] {
  const found: Contradiction[] = [];
  if (network !== 'user' && endpoint.port === 'auto') {
    const message = 'without network: user the port is that of the machine itself, so auto is none';
    const paths: Contradiction['paths'] = [at('endpoint', 'port'), at('qemu', 'network')];
    found.push({ paths, message, expected: 'the address and port of the machine as endpoint' });
  }
  if (network !== 'user' && forwards.length > 0) {
    const paths: Contradiction['paths'] = [at('qemu', 'forwards'), at('qemu', 'network')];
    found.push({ paths, message: 'only network: user forwards ports', expected: 'network: user' });
  }
  if (network !== 'user') return found;
  if (!isIPv4(endpoint.host)) {
    const message = `${endpoint.host} is not an IPv4 address, as network: user needs`;
    found.push({ paths: [at('endpoint', 'host')], message, expected: 'an address such as 127.0.0.1' });
  }
  if (health !== 'none' && 'tcp' in health && !health.greets) {
    const message =
      'network: user takes connections before the machine itself does, so they say nothing of its health';
    const expected = '{ path: /healthz }, { tcp: true, greets: true } where the server speaks first, or none';
    found.push({ paths: [at('health'), at('qemu', 'network')], message, expected });
  }
  return found;
}

/** What the members of a pool cannot have in common. */
function shared({ pool }: Resource, { disk, forwards }: Settings, at: At): Contradiction[] {
  if (pool === undefined) return [];
  const found: Contradiction[] = [];
  if (disk?.overlay === false) {
    const message = 'the members of a pool cannot write to one image';
    found.push({ paths: [at('qemu', 'disk', 'overlay'), at('pool')], message, expected: 'true' });
  }
  if (forwards.length > 0) {
    const message = 'the members of a pool cannot share a port';
    found.push({ paths: [at('qemu', 'forwards'), at('pool')], message, expected: 'no forwards' });
  }
  return found;
}

function forwardsTwice({ forwards }: Settings, at: At, taken: Map<string, Path>): Contradiction[] {
  return forwards.flatMap(({ protocol, host }, index) => {
    const path = at('qemu', 'forwards', index, 'host');
    const port = `${protocol} port ${host}`;
    const other = taken.get(port);
    if (other === undefined) taken.set(port, path);
    const message = `${port} is forwarded already`;
    return other === undefined ? [] : [{ paths: [path, other], message, expected: 'each port once' }];
  });
}
