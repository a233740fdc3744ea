import type Docker from 'dockerode';
import { settingsOf } from '../../../config/index.js';
import type { BootRequest, ProviderContext, StopOptions } from '../contract.js';
import { inspectAs, type Owned, ownedBy } from './containers.js';
import { tried } from './engine.js';
import type { Host } from './host.js';
import { asleep } from './names.js';

/**
 * Ends what a generation runs in containers that Reveille created, and sees to it that nothing is started for it any
 * more. What a younger generation has taken over goes by another name, and is left alone; so is what an older one left,
 * unless its own stop has begun or all is to be deleted. What was created for a boot that was not finished goes away;
 * what has served before stays, with what it wrote.
 */
export async function stopCreated(
  host: Host,
  request: BootRequest,
  options: StopOptions,
  context: ProviderContext,
): Promise<void> {
  const docker = host.engine(request.definition);
  host.record(request.name).seal(request.generation);
  for (const one of await ownedBy(docker, host.owner, request.name)) {
    if (one.generation > request.generation) continue;
    const isOwn = one.generation === request.generation;
    if (isOwn || one.isAsleep || options.then === 'delete')
      await endOne(host, docker, one, request, options, context);
  }
}

async function endOne(
  host: Host,
  docker: Docker,
  owned: Owned,
  { definition, generation }: BootRequest,
  { then, force, unfinished }: StopOptions,
  { signal: abortSignal, heartbeat }: ProviderContext,
): Promise<void> {
  const name = asleep(owned.name);
  // 404: a younger generation has it, or it is gone. 400, 409: another worker has renamed it.
  if (!owned.isAsleep && !(await tried(docker.getContainer(owned.name).rename({ name }), 400, 404, 409))) {
    if ((await inspectAs(docker, name)) === undefined) return;
  }
  const container = docker.getContainer(name);
  const info = await inspectAs(docker, name);
  if (info === undefined) return;
  const { State: state, Id: id } = info;
  heartbeat(`${then} of the container`);
  if (then === 'suspend' && state.Running) {
    // 409: it is paused, or has ended.
    if (!state.Paused) await tried(container.pause(), 404, 409);
    return;
  }
  // What is paused cannot be told to end.
  if (state.Paused) await tried(container.unpause(), 404, 409, 500);
  const t = force ? 0 : Math.ceil(settingsOf(definition, 'docker').grace / 1000);
  if (state.Running) await tried(container.stop({ t, abortSignal }), 304, 404);
  if (owned.port !== undefined) host.ports.release(owned.port, owned.resource, owned.generation);
  const isUseless =
    unfinished &&
    owned.generation === generation &&
    !host.record(owned.resource).startedBefore(generation, id);
  // 409: another worker is about to remove it.
  if (then === 'delete' || isUseless) await tried(container.remove({ force: true, v: true }), 404, 409);
}
