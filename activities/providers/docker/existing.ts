import type Docker from 'dockerode';
import { settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { BootRequest, ProviderContext, StopOptions } from '../contract.js';
import type { Started } from './create.js';
import { ifThere, tried } from './engine.js';
import type { Host } from './host.js';
import type { Info } from './state.js';

const PROJECT = 'com.docker.compose.project';
const SERVICE = 'com.docker.compose.service';
/** `db:service_healthy:false,cache:service_started:false` */
const DEPENDS_ON = 'com.docker.compose.depends_on';

/** Containers that exist without Reveille, in the order in which they start. */
export interface Group {
  readonly all: Info[];
  /** The one that answers. */
  readonly front: Info;
}

/**
 * Looks up the containers that a resource names.
 * @returns undefined where there are none.
 * @throws ReveilleError BOOT_FAILED where it is not clear which is meant.
 */
export async function findGroup(
  docker: Docker,
  { definition }: Pick<BootRequest, 'definition'>,
): Promise<Group | undefined> {
  const { container, label, compose, service } = settingsOf(definition, 'docker');
  if (container !== undefined) {
    const front = await ifThere(docker.getContainer(container).inspect());
    return front && { all: [front], front };
  }
  const wanted = compose === undefined ? (label ?? '') : `${PROJECT}=${compose}`;
  const listed = await docker.listContainers({ all: true, filters: { label: [wanted] } });
  const found = await Promise.all(listed.map(({ Id }) => ifThere(docker.getContainer(Id).inspect())));
  const all = inOrder(found.filter((one) => one !== undefined));
  const fronts = compose === undefined ? all : all.filter(({ Config }) => Config.Labels[SERVICE] === service);
  const [front, second] = fronts;
  if (second !== undefined) {
    const names = fronts.map(({ Name }) => Name.slice(1)).join(', ');
    throw new ReveilleError('BOOT_FAILED', `more than one container has the label ${wanted}: ${names}`);
  }
  return front && { all, front };
}

/** What others depend on comes first; a circle is left as it is. */
function inOrder(infos: Info[]): Info[] {
  const needs = ({ Config }: Info) =>
    (Config.Labels[DEPENDS_ON] ?? '').split(',').map((entry) => entry.split(':')[0] ?? '');
  const done = new Set<Info>();
  const visit = (one: Info, above: readonly Info[]): void => {
    if (done.has(one) || above.includes(one)) return;
    const first = infos.filter(({ Config }) => needs(one).includes(Config.Labels[SERVICE] ?? '-'));
    for (const other of first) visit(other, [...above, one]);
    done.add(one);
  };
  for (const one of infos) visit(one, []);
  return [...done];
}

/** Starts what is there, or goes on with what is paused. */
export async function startExisting(
  host: Host,
  request: BootRequest,
  context: ProviderContext,
): Promise<Started> {
  const docker = host.engine(request.definition);
  const record = host.record(request.name);
  record.begin(request.generation);
  const group = await findGroup(docker, request);
  if (group === undefined) throw missing(request);
  let adopted = false;
  for (const one of group.all) {
    const { Id, State } = one;
    const isSame = record.noteStart(request.generation, one);
    if (one === group.front) adopted = State.Running && isSame && !State.Paused;
    const container = docker.getContainer(Id);
    // The last look before the engine acts: docs/providers.md states the window that is left.
    record.check(request.generation);
    context.heartbeat('starting the containers');
    if (State.Paused) await tried(container.unpause(), 409, 500);
    else if (!State.Running && isSame) {
      await tried(container.start({ abortSignal: context.signal }), 304);
    }
  }
  return { id: group.front.Id, adopted };
}

/** Stops or suspends all of them, those that others depend on last. They are never removed: Reveille did not make them. */
export async function stopExisting(
  host: Host,
  request: BootRequest,
  { then, force }: StopOptions,
  { signal: abortSignal, heartbeat }: ProviderContext,
): Promise<void> {
  const docker = host.engine(request.definition);
  const record = host.record(request.name);
  record.seal(request.generation);
  const isTheirs = () => record.newest() > request.generation;
  if (isTheirs()) return;
  const group = await findGroup(docker, request);
  const t = force ? 0 : Math.ceil(settingsOf(request.definition, 'docker').grace / 1000);
  for (const { Id, State } of group?.all.toReversed() ?? []) {
    const container = docker.getContainer(Id);
    heartbeat(`${then} of the containers`);
    if (isTheirs()) return;
    if (then === 'suspend' && State.Running) {
      if (!State.Paused) await tried(container.pause(), 404, 409);
      continue;
    }
    if (State.Paused) await tried(container.unpause(), 404, 409, 500);
    if (State.Running) await tried(container.stop({ t, abortSignal }), 304, 404);
  }
}

function missing({ definition }: BootRequest): ReveilleError {
  const { container, label, compose, service } = settingsOf(definition, 'docker');
  const what =
    compose !== undefined
      ? `the service ${service} of the compose project ${compose}: create it with docker compose up --no-start`
      : `the container ${container ?? `with the label ${label}`}`;
  return new ReveilleError('BOOT_FAILED', `the Docker engine does not have ${what}`);
}
