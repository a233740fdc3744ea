import { addressText, type HostPort, splitAddress } from './addresses.js';
import type { HealthDefinition, RouteDefinition } from './resource-schema.js';
import type { LooseConfigFile } from './schema.js';
import type { TcpRoute } from './tcp-route-schema.js';
import type { Path } from './yaml-source.js';

/** A listening address that the configuration gives to one resource or pool. */
export interface TcpDoorPlan extends HostPort {
  /** HOST:PORT, as text: what tells doors apart. */
  address: string;
  resource: string;
  route: TcpRoute;
  /** Nobody looks whether it is healthy: a connection that it refuses is tried again. */
  patient: boolean;
  /** Where it stands in the file. */
  path: Path;
}

/** A resource, or a pool of several. */
interface Named {
  routes: RouteDefinition[];
  health?: HealthDefinition;
}

/** Every TCP door of a configuration, in the order of the file. */
export function tcpDoors({
  proxy,
  resources,
  pools,
}: Pick<LooseConfigFile, 'resources' | 'pools'> & {
  proxy: Pick<LooseConfigFile['proxy'], 'listen'>;
}): TcpDoorPlan[] {
  const doors = (section: string, named: Record<string, Named>) =>
    Object.entries(named).flatMap(([resource, { routes, health }]) =>
      routes.flatMap((route, index): TcpDoorPlan[] => {
        if (!('tcp' in route)) return [];
        const place = tcpPlace(route, proxy.listen);
        const path: Path = [section, resource, 'routes', index, 'tcp'];
        const patient = health === 'none';
        return [{ ...place, address: addressText(place), resource, route, patient, path }];
      }),
    );
  return [...doors('resources', resources), ...doors('pools', pools)];
}

/** Where a TCP route listens. @param proxyListen HOST:PORT of the proxy, whose host a bare port takes. */
export function tcpPlace({ tcp }: Pick<TcpRoute, 'tcp'>, proxyListen: string): HostPort {
  return typeof tcp === 'number' ? { host: splitAddress(proxyListen).host, port: tcp } : splitAddress(tcp);
}
