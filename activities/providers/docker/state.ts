import type Docker from 'dockerode';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint } from '../../../workflows/messages.js';

export type Info = Docker.ContainerInspectInfo;

/** Why a container does not run, in words. */
export function reasonOf({ State, HostConfig }: Info): string {
  const said = State.Error === '' ? '' : `: ${State.Error}`;
  if (State.OOMKilled) {
    const limit = HostConfig.Memory ? ` of ${Math.round(HostConfig.Memory / 1e6)} MB` : '';
    return `the container was killed for want of memory (exit code ${State.ExitCode}): it needs more than its limit${limit}`;
  }
  return `the container exited with code ${State.ExitCode}${said}`;
}

/**
 * Where a container that runs is reached.
 * @param port that it listens on. @param given the host's port that it was given, where it shares the host's network.
 * @throws ReveilleError BOOT_FAILED where it is not reached so.
 */
export function endpointOf(
  { NetworkSettings, HostConfig }: Info,
  {
    reach,
    port,
    host,
    given,
  }: { reach: string; port: number | undefined; host: string; given: number | undefined },
): Endpoint {
  if (HostConfig.NetworkMode === 'host') {
    const own = given ?? port;
    if (own !== undefined) return { host, port: own };
    throw new ReveilleError(
      'BOOT_FAILED',
      'docker.port is missing: the container shares the network of its host',
    );
  }
  if (reach === 'address') {
    const networks = Object.values(NetworkSettings.Networks);
    const address = networks.map(({ IPAddress }) => IPAddress).find((one) => one !== '');
    if (address !== undefined && port !== undefined) return { host: address, port };
    throw new ReveilleError('BOOT_FAILED', 'the container has no address: it has joined no network');
  }
  const published = NetworkSettings.Ports[`${port}/tcp`]?.[0];
  if (published === undefined) {
    throw new ReveilleError('BOOT_FAILED', `the container does not publish its port ${port}`);
  }
  const at = published.HostIp === '' || /^(0\.0\.0\.0|::)$/.test(published.HostIp) ? host : published.HostIp;
  return { host: at, port: Number(published.HostPort) };
}
