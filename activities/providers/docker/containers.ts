import type Docker from 'dockerode';
import { ifThere } from './engine.js';
import { LABELS, type Naming, readName } from './names.js';
import type { Info } from './state.js';

/** A container that Reveille created, as its name and labels have it. */
export interface Owned extends Naming {
  readonly id: string;
  readonly resource: string;
  readonly port: number | undefined;
  readonly params: Record<string, string> | undefined;
  /** As the engine lists it: created, running, paused, exited, … */
  readonly state: string;
}

/** Containers that this Reveille created, youngest generation first. @param resource default: of all resources. */
export async function ownedBy(docker: Docker, owner: string, resource?: string): Promise<Owned[]> {
  const label = [`${LABELS.owner}=${owner}`];
  if (resource !== undefined) label.push(`${LABELS.resource}=${resource}`);
  const listed = await docker.listContainers({ all: true, filters: { label } });
  const owned = listed.flatMap(({ Id: id, Names, Labels, State: state }) => {
    const naming = Names.map(readName).find((one) => one !== undefined);
    const { [LABELS.resource]: of, [LABELS.port]: port, [LABELS.params]: params } = Labels;
    if (naming === undefined || of === undefined) return [];
    return [
      {
        ...naming,
        id,
        state,
        resource: of,
        port: port === undefined ? undefined : Number(port),
        params: params === undefined ? undefined : readParams(params),
      },
    ];
  });
  return owned.sort((a, b) => b.generation - a.generation);
}

/** What the engine knows of it, unless it goes by another name now: then it is somebody else's to decide on. */
export async function inspectAs(docker: Docker, name: string): Promise<Info | undefined> {
  return ifThere(docker.getContainer(name).inspect());
}

function readParams(text: string): Record<string, string> | undefined {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return undefined;
  }
}
