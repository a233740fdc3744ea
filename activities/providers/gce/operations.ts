import { createHash } from 'node:crypto';
import { pause } from '../../pause.js';
import type { ProviderContext } from '../contract.js';
import { type Api, jittered } from './api.js';
import { Refusal } from './failures.js';
import type { Operation } from './resources.js';

/** The cloud answers a wait within two minutes. */
const WAIT_MS = 150_000;
/** Between two waits that were answered too early. */
const SOON_MS = 500;

/** How one asking is told from another: the same text is the same asking, for whoever sends it again. */
export type Asking = readonly (string | number)[];

/** How an asking ended: what was done before, or by another worker, is told as done. */
export interface Done {
  /** It was over when it was answered: probably asked for before. */
  readonly isOld: boolean;
  /** Why it failed. */
  readonly failure?: Refusal;
}

/** Something that changes what is there. */
export interface Change {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: object;
}

type Context = Pick<ProviderContext, 'signal' | 'heartbeat'>;

/**
 * Asks, and follows what was begun to its end. Sent again under the same id, the cloud does it once.
 * @param place zones/ZONE, or global.
 * @throws Refusal, Unanswered: nothing was begun, as far as is known.
 */
export async function askFor(
  api: Api,
  place: string,
  change: Change,
  asking: Asking,
  context: Context,
): Promise<Done> {
  const query = { requestId: requestId(asking) };
  const path = `${place}/${change.path}`;
  const begun = await api.call<Operation>({ ...change, path, query, signal: context.signal });
  const { error, operationType = 'an operation' } = await followed(api, place, begun, context);
  const [first] = error?.errors ?? [];
  const isOld = begun.status === 'DONE';
  if (first === undefined) return { isOld };
  const message = `${operationType} failed: ${first.message ?? first.code}`;
  return { isOld, failure: new Refusal(0, first.code ?? '', message) };
}

async function followed(
  api: Api,
  place: string,
  begun: Operation,
  { signal, heartbeat }: Context,
): Promise<Operation> {
  let operation = begun;
  while (operation.status !== 'DONE') {
    heartbeat(`${operation.operationType} ${operation.progress ?? 0} %`);
    const since = performance.now();
    const path = `${place}/operations/${operation.name}/wait`;
    operation = await api.call<Operation>({ method: 'POST', path, signal, answerMs: WAIT_MS });
    const early = SOON_MS - (performance.now() - since);
    if (operation.status !== 'DONE' && early > 0) await pause(jittered(SOON_MS), signal);
  }
  return operation;
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
