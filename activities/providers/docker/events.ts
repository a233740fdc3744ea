import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { Change, ProviderContext } from '../contract.js';
import type { Host } from './host.js';
import { LABELS, readName } from './names.js';

const RETRY_MS = 1000;
/** What makes another list of containers. */
const LISTED = ['create', 'destroy', 'rename'];

interface Event {
  Action?: string;
  Actor?: { ID?: string; Attributes?: Record<string, string> };
}

/** Tells of ends and of new containers as the engines do, for as long as the signal lets it. */
export async function followEvents(
  host: Host,
  tell: (change: Change) => void,
  { signal }: ProviderContext,
): Promise<void> {
  const followed = new Map<Docker, Promise<void>>();
  // What an engine tells again after a gap, it tells from here on: twice does no harm.
  const since = new Map<Docker, number>();
  const began = secondsNow();
  while (!signal.aborted) {
    for (const docker of host.engines()) {
      if (followed.has(docker)) continue;
      const ending = followOne(host, docker, tell, { signal, since: since.get(docker) ?? began })
        .then(() => since.set(docker, secondsNow()))
        .catch(() => {})
        .then(() => void followed.delete(docker));
      followed.set(docker, ending);
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
  }
  await Promise.all(followed.values());
}

async function followOne(
  host: Host,
  docker: Docker,
  tell: (change: Change) => void,
  { signal, since }: { signal: AbortSignal; since: number },
): Promise<void> {
  const filters = { type: ['container' as const], event: ['die', ...LISTED] };
  const stream = await docker.getEvents({ filters, since, abortSignal: signal });
  // What was made while nobody followed.
  tell({ kind: 'listed' });
  for await (const line of createInterface({ input: Readable.from(stream) })) {
    const { Action, Actor } = JSON.parse(line) as Event;
    const attributes = Actor?.Attributes ?? {};
    if (Action === 'die') {
      const reason = `the container exited with code ${attributes.exitCode}`;
      for (const one of generationsOf(host, attributes)) tell({ kind: 'ended', ...one, reason });
    } else if (attributes['reveille.enable'] === 'true') tell({ kind: 'listed' });
  }
}

/** Whose end it is, unless that was to be: what a stop ends goes by another name, or its generation is sealed. */
function generationsOf(
  host: Host,
  attributes: Record<string, string>,
): { name: string; generation: number }[] {
  const { [LABELS.owner]: owner, [LABELS.resource]: resource, name: container = '' } = attributes;
  if (owner !== undefined) {
    const naming = readName(container);
    if (owner !== host.owner || resource === undefined || naming === undefined || naming.isAsleep) return [];
    return [{ name: resource, generation: naming.generation }];
  }
  return Object.entries(host.config.resources).flatMap(([name, { docker }]) => {
    if (docker === undefined || !isMeant(docker, container, attributes)) return [];
    const record = host.record(name);
    const generation = record.newest();
    return generation === 0 || record.isSealed(generation) ? [] : [{ name, generation }];
  });
}

function isMeant(
  settings: {
    container?: string | undefined;
    label?: string | undefined;
    compose?: string | undefined;
    service?: string | undefined;
  },
  container: string,
  attributes: Record<string, string>,
): boolean {
  if (settings.container !== undefined) return settings.container === container;
  if (settings.compose !== undefined) {
    return (
      attributes['com.docker.compose.project'] === settings.compose &&
      attributes['com.docker.compose.service'] === settings.service
    );
  }
  const [label = '', value] = settings.label?.split(/=(.*)/s) ?? [];
  return attributes[label] === value;
}

/** As the engine counts; a second early, since it rounds. */
const secondsNow = (): number => Math.floor(Date.now() / 1000) - 1;
