/** Labels on containers of others, which define resources: `reveille.enable=true` and what else is said. */
import type Docker from 'dockerode';
import type { Discovered } from '../../../config/index.js';

const ENABLE = 'reveille.enable';
const PROJECT = 'com.docker.compose.project';
const SERVICE = 'com.docker.compose.service';

/** The resources that labelled containers define, as reveille.yaml would have them. Nothing is checked. */
export async function labelled(docker: Docker, engine: string | undefined): Promise<Discovered> {
  const listed = await docker.listContainers({ all: true, filters: { label: [`${ENABLE}=true`] } });
  const entries = await Promise.all(
    listed.map(async ({ Id, Names, Labels }) => {
      const container = (Names[0] ?? Id).replace(/^\//, '');
      const name = Labels['reveille.name'] ?? container.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
      const port = Labels['reveille.port'] ?? (await onlyPort(docker, Id));
      return [name, resourceOf(Labels, container, { port, engine })] as const;
    }),
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function resourceOf(
  labels: Record<string, string>,
  container: string,
  { port, engine }: { port: string | undefined; engine: string | undefined },
): object {
  const { [PROJECT]: project, [SERVICE]: service } = labels;
  const isProject = labels['reveille.compose'] === 'true' && project !== undefined;
  const said = (label: string, key: string) =>
    labels[`reveille.${label}`] === undefined ? {} : { [key]: labels[`reveille.${label}`] };
  const health = labels['reveille.health'];
  return {
    provider: 'docker',
    docker: {
      ...(isProject ? { compose: project, service } : { container }),
      ...(port === undefined ? {} : { port: Number(port) }),
      ...said('reach', 'reach'),
      ...said('grace', 'grace'),
      ...(engine === undefined ? {} : { engine }),
    },
    ...(health === undefined ? {} : { health: healthOf(health) }),
    idle: { ...said('idle', 'after'), ...said('then', 'then') },
    ...(labels['reveille.reach'] === 'address' ? { lease: { stretch: 0 } } : {}),
    routes: (labels['reveille.route'] ?? '').split(',').filter(Boolean).map(routeOf),
  };
}

const healthOf = (text: string): unknown => {
  if (text === 'none') return text;
  return text === 'tcp' ? { tcp: true } : { path: text };
};

/** `/path`, `host`, `host/path` or `tcp:PORT`. */
function routeOf(text: string): object {
  const trimmed = text.trim();
  if (trimmed.startsWith('tcp:')) return { tcp: Number(trimmed.slice('tcp:'.length)) };
  const slash = trimmed.indexOf('/');
  if (slash === -1) return { host: trimmed };
  const host = slash === 0 ? {} : { host: trimmed.slice(0, slash) };
  return { ...host, path: trimmed.slice(slash) };
}

/** Where it is clear, it need not be said. */
async function onlyPort(docker: Docker, id: string): Promise<string | undefined> {
  const info = await docker.getContainer(id).inspect();
  const [port, second] = Object.keys(info.Config.ExposedPorts ?? {});
  return second === undefined ? port?.replace('/tcp', '') : undefined;
}
