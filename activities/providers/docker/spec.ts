import { resolve } from 'node:path';
import type Docker from 'dockerode';
import {
  type Config,
  paramsEnvironment,
  resolveReferences,
  type SettingsOf,
  settingsOf,
} from '../../../config/index.js';
import type { BootRequest } from '../contract.js';
import { LABELS } from './names.js';
import type { Info } from './state.js';

const NANO = 1e9;
const NS_PER_MS = 1e6;

export interface Made {
  readonly owner: string;
  /** Port of the host; undefined where it is reached by its own address. */
  readonly hostPort: number | undefined;
}

/**
 * What the engine is told to create; references are resolved here and stand in the container's settings alone.
 * @throws ReveilleError REFERENCE_UNRESOLVED.
 */
export function specOf(
  request: BootRequest,
  { owner, hostPort }: Made,
  config: Config,
): Docker.ContainerCreateOptions {
  const { name, params, revision, definition } = request;
  const settings = settingsOf(definition, 'docker');
  const { image, command, entrypoint, user, workdir, port, network } = settings;
  const resolved = resolver(name, config);
  const published =
    port === undefined || hostPort === undefined || network === 'host' ? undefined : `${port}/tcp`;
  return {
    ...(image === undefined ? {} : { Image: image }),
    ...(command === undefined ? {} : { Cmd: resolved.list(command, 'command') }),
    ...(entrypoint === undefined ? {} : { Entrypoint: resolved.list(entrypoint, 'entrypoint') }),
    ...(user === undefined ? {} : { User: user }),
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
    Env: environmentOf(request, hostPort, config),
    Labels: {
      [LABELS.owner]: owner,
      [LABELS.resource]: name,
      [LABELS.revision]: revision,
      ...(hostPort === undefined ? {} : { [LABELS.port]: String(hostPort) }),
      ...(Object.keys(params).length === 0 ? {} : { [LABELS.params]: JSON.stringify(params) }),
    },
    ...(published === undefined ? {} : { ExposedPorts: { [published]: {} } }),
    ...healthcheckOf(settings, (words) => resolved.list(words, 'healthcheck.command')),
    HostConfig: {
      ...(published === undefined
        ? {}
        : {
            PortBindings: { [published]: [{ HostIp: definition.endpoint.host, HostPort: String(hostPort) }] },
          }),
      ...hostConfigOf(settings, config),
    },
  };
}

/** The whole environment that its settings give it. */
export function environmentOf(
  { name, params, definition }: BootRequest,
  hostPort: number | undefined,
  config: Config,
): string[] {
  const { env, network } = settingsOf(definition, 'docker');
  const { value } = resolver(name, config);
  const all: Record<string, string> = {
    ...Object.fromEntries(Object.entries(env).map(([key, text]) => [key, value(text, `env.${key}`)])),
    ...paramsEnvironment(params),
    ...(network === 'host' && hostPort !== undefined ? { PORT: String(hostPort) } : {}),
    REVEILLE_RESOURCE: name,
  };
  return Object.entries(all).map(([key, text]) => `${key}=${text}`);
}

/** Whether a container is what would be made today: else it is made anew. A changed secret shows in its environment. */
export function isAsWanted({ Config: own }: Info, request: BootRequest, config: Config): boolean {
  const port = own.Labels[LABELS.port];
  const wanted = environmentOf(request, port === undefined ? undefined : Number(port), config);
  return own.Labels[LABELS.revision] === request.revision && wanted.every((one) => own.Env.includes(one));
}

function hostConfigOf(settings: SettingsOf<'docker'>, { folder }: Config): Docker.HostConfig {
  const { mounts, memory, cpus, gpus, network, logSize } = settings;
  return {
    Binds: mounts.map((mount) => (/^\.{0,2}\//.test(mount) ? resolveSource(mount, folder) : mount)),
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * NANO) }),
    ...(gpus === undefined
      ? {}
      : { DeviceRequests: [{ Count: gpus === 'all' ? -1 : gpus, Capabilities: [['gpu']] }] }),
    ...(network === undefined ? {} : { NetworkMode: network }),
    LogConfig: { Type: 'json-file', Config: { 'max-size': String(logSize), 'max-file': '2' } },
  };
}

function resolveSource(mount: string, folder: string): string {
  const end = mount.indexOf(':');
  return resolve(folder, mount.slice(0, end)) + mount.slice(end);
}

function healthcheckOf(
  { healthcheck }: SettingsOf<'docker'>,
  resolve: (words: string[]) => string[],
): Pick<Docker.ContainerCreateOptions, 'Healthcheck'> {
  if (healthcheck === undefined) return {};
  if (healthcheck === 'none') return { Healthcheck: { Test: ['NONE'] } };
  const { command, interval, timeout, retries, startPeriod } = healthcheck;
  return {
    Healthcheck: {
      Test: ['CMD', ...resolve(command)],
      Interval: interval * NS_PER_MS,
      Timeout: timeout * NS_PER_MS,
      Retries: retries,
      StartPeriod: startPeriod * NS_PER_MS,
    },
  };
}

function resolver(name: string, { folder }: Config) {
  const value = (text: string, end: string) =>
    resolveReferences(text, { env: process.env, folder, key: `resources.${name}.docker.${end}` }).value;
  return {
    value,
    list: (texts: string[], end: string) => texts.map((one, index) => value(one, `${end}.${index}`)),
  };
}
