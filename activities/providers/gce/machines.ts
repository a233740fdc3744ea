import type { ProviderContext } from '../contract.js';
import type { Api } from './api.js';
import { isMissing } from './failures.js';
import { type Asking, askFor, type Done } from './operations.js';
import { lastPart, type Machine, type Operation } from './resources.js';

const PAGE = 500;

/** What may be asked of a machine that exists. */
export type Verb = 'start' | 'stop' | 'suspend' | 'resume';

/** Machines of one project. */
export class Machines {
  constructor(private readonly api: Api) {}

  /** @param machine its name, or its id. @returns undefined where there is none: no other error says so. */
  async get(zone: string, machine: string, { signal }: ProviderContext): Promise<Machine | undefined> {
    try {
      const path = `zones/${zone}/instances/${encodeURIComponent(machine)}`;
      return await this.api.call<Machine>({ method: 'GET', path, signal });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** All machines with that label, of all zones. */
  async labelled(key: string, value: string, signal: AbortSignal): Promise<Machine[]> {
    interface Page {
      items?: Record<string, { instances?: Machine[] }>;
      nextPageToken?: string;
    }
    const all: Machine[] = [];
    let pageToken: string | undefined;
    do {
      const query = { filter: `labels.${key} = "${value}"`, maxResults: String(PAGE), pageToken };
      const page = await this.api.call<Page>({ method: 'GET', path: 'aggregated/instances', query, signal });
      all.push(...Object.values(page.items ?? {}).flatMap(({ instances }) => instances ?? []));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return all;
  }

  insert(zone: string, spec: object, asking: Asking, context: ProviderContext): Promise<Done> {
    return askFor(this.api, zoneOf(zone), { method: 'POST', path: 'instances', body: spec }, asking, context);
  }

  /** By its id: never another machine that has its name meanwhile. */
  tell({ id, zone }: Machine, verb: Verb, asking: Asking, context: ProviderContext): Promise<Done> {
    const call = { method: 'POST', path: `instances/${id}/${verb}` } as const;
    return askFor(this.api, zoneOf(zone), call, asking, context);
  }

  remove({ id, zone }: Machine, asking: Asking, context: ProviderContext): Promise<Done> {
    const call = { method: 'DELETE', path: `instances/${id}` } as const;
    return askFor(this.api, zoneOf(zone), call, asking, context);
  }

  /** @throws Refusal 412 where its labels are not those of `machine` any more. */
  async label(machine: Machine, labels: Record<string, string>, context: ProviderContext): Promise<void> {
    const { id, zone, labelFingerprint } = machine;
    const body = { labels: { ...machine.labels, ...labels }, labelFingerprint };
    const asking = ['labels', id, labelFingerprint ?? '', JSON.stringify(labels)];
    const call = { method: 'POST' as const, path: `instances/${id}/setLabels`, body };
    const { failure } = await askFor(this.api, zoneOf(zone), call, asking, context);
    if (failure) throw failure;
  }

  /** The end of what its serial port has said, of about so many bytes. */
  async serialTail({ id, zone }: Machine, bytes: number, signal: AbortSignal): Promise<string> {
    const path = `zones/${lastPart(zone)}/instances/${id}/serialPort`;
    const query = { port: '1', start: String(-bytes) };
    const { contents = '' } = await this.api.call<{ contents?: string }>({
      method: 'GET',
      path,
      query,
      signal,
    });
    return contents;
  }

  /** What was done to it, by the cloud too, the last first: its type is then such as compute.instances.preempted. */
  async operations({ id, zone }: Machine, signal: AbortSignal): Promise<Operation[]> {
    const path = `zones/${lastPart(zone)}/operations`;
    const query = { filter: `targetId = ${id}`, maxResults: String(PAGE) };
    const { items = [] } = await this.api.call<{ items?: Operation[] }>({
      method: 'GET',
      path,
      query,
      signal,
    });
    return items.sort((a, b) => Date.parse(b.insertTime ?? '') - Date.parse(a.insertTime ?? ''));
  }
}

const zoneOf = (zone: string): string => `zones/${lastPart(zone)}`;
