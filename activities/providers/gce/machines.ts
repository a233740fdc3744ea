import { createHash } from 'node:crypto';
import { pause } from '../../pause.js';
import type { ProviderContext } from '../contract.js';
import { type Api, jittered } from './api.js';
import { isMissing, Refusal } from './failures.js';
import { lastPart, type Machine, type Operation } from './resources.js';

/** The cloud answers a wait within two minutes. */
const WAIT_MS = 150_000;
/** Between two waits that were answered too early. */
const SOON_MS = 500;
const PAGE = 500;

/** How one asking is told from another: the same text is the same asking, for whoever sends it again. */
export type Asking = readonly (string | number)[];

/** What may be asked of a machine that exists. */
export type Verb = 'start' | 'stop' | 'suspend' | 'resume';

/** How an asking ended: what was done before, or by another worker, is told as done. */
export interface Done {
  readonly operation: Operation;
  /** It was over when it was answered: probably asked for before. */
  readonly isOld: boolean;
  /** Why it failed. */
  readonly failure?: Refusal;
}

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
    return this.ask(zone, { method: 'POST', path: 'instances', body: spec }, asking, context);
  }

  /** By its id: never another machine that has its name meanwhile. */
  tell({ id, zone }: Machine, verb: Verb, asking: Asking, context: ProviderContext): Promise<Done> {
    return this.ask(lastPart(zone), { method: 'POST', path: `instances/${id}/${verb}` }, asking, context);
  }

  remove({ id, zone }: Machine, asking: Asking, context: ProviderContext): Promise<Done> {
    return this.ask(lastPart(zone), { method: 'DELETE', path: `instances/${id}` }, asking, context);
  }

  /** @throws Refusal 412 where its labels are not those of `machine` any more. */
  async label(machine: Machine, labels: Record<string, string>, context: ProviderContext): Promise<void> {
    const { id, zone, labelFingerprint } = machine;
    const body = { labels: { ...machine.labels, ...labels }, labelFingerprint };
    const asking = ['labels', id, labelFingerprint ?? '', JSON.stringify(labels)];
    const call = { method: 'POST' as const, path: `instances/${id}/setLabels`, body };
    const { failure } = await this.ask(lastPart(zone), call, asking, context);
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

  /**
   * Asks, and follows what was begun to its end. Sent again under the same id, the cloud does it once.
   * @throws Refusal, Unanswered: nothing was begun, as far as is known.
   */
  private async ask(
    zone: string,
    call: { method: 'POST' | 'DELETE'; path: string; body?: object },
    asking: Asking,
    context: ProviderContext,
  ): Promise<Done> {
    const { signal } = context;
    const query = { requestId: requestId(asking) };
    const path = `zones/${zone}/${call.path}`;
    const begun = await this.api.call<Operation>({ ...call, path, query, signal });
    const operation = await this.followed(zone, begun, context);
    const [error] = operation.error?.errors ?? [];
    const isOld = begun.status === 'DONE';
    if (error === undefined) return { operation, isOld };
    const message = `${operation.operationType ?? 'an operation'} failed: ${error.message ?? error.code}`;
    return { operation, isOld, failure: new Refusal(0, error.code ?? '', message) };
  }

  private async followed(zone: string, begun: Operation, context: ProviderContext): Promise<Operation> {
    const { signal, heartbeat } = context;
    let operation = begun;
    while (operation.status !== 'DONE') {
      heartbeat(`${operation.operationType} ${operation.progress ?? 0} %`);
      const since = performance.now();
      const path = `zones/${zone}/operations/${operation.name}/wait`;
      operation = await this.api.call<Operation>({ method: 'POST', path, signal, answerMs: WAIT_MS });
      const early = SOON_MS - (performance.now() - since);
      if (operation.status !== 'DONE' && early > 0) await pause(jittered(SOON_MS), signal);
    }
    return operation;
  }
}

/** A UUID of version 8 (RFC 9562): the same for the same asking. */
function requestId(asking: Asking): string {
  const hex = createHash('sha256').update(JSON.stringify(asking)).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
