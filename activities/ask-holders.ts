import {
  LEASE_PATH,
  type LeaseQuestion,
  type LeaseReply,
  leaseCallText,
  SIGNATURE_HEADER,
  sign,
} from '../config/index.js';
import type { Holder, HolderAnswer } from './contract.js';

/** Who does not answer within this is waited for until its lease ends (leases.md 12). */
const ANSWER_TIMEOUT_MS = 1000;

/** Asks every holder at once. Never fails: who cannot be asked is `silent`. */
export function askHolders(
  secret: string,
  { holders, ...question }: LeaseQuestion & { holders: Holder[] },
): Promise<HolderAnswer[]> {
  const body = JSON.stringify(question);
  return Promise.all(holders.map((holder) => askHolder(secret, holder, body)));
}

async function askHolder(secret: string, { proxy, at }: Holder, body: string): Promise<HolderAnswer> {
  try {
    const response = await fetch(`http://${at}${LEASE_PATH}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: sign(secret, leaseCallText(body)) },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      redirect: 'error',
    });
    if (!response.ok) return { proxy, answer: 'silent' };
    const reply = (await response.json()) as LeaseReply;
    if (reply.proxy !== proxy) return { proxy, answer: 'gone' };
    const { holds, open, idleFor } = reply;
    return { proxy, answer: 'open', holds, open, idleFor };
  } catch {
    return { proxy, answer: 'silent' };
  }
}
