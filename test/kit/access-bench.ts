/** A front door with identities: requests made of text, and what of them came to an instance. */
import type { TestContext } from 'node:test';
import { answering, type Bench, type Instance, OK, startBench, startInstance } from './http-bench.js';
import { AUDIENCE, ISSUER, type Key, type KeyServer, keyServer, newKey } from './issuer.js';

export interface Answer {
  status: number;
  /** Its head and body. */
  text: string;
  /** Of an error of Reveille's own. */
  code: string | undefined;
}

export function answerOf(text: string): Answer {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
  return { status, text, code: /"code":"([A-Z_]+)"/.exec(text)?.[1] };
}

/** Sends a request on a connection of its own. @param fields lines of its head, as they are. */
export async function ask(bench: Bench, target: string, ...fields: string[]): Promise<Answer> {
  const lines = [`GET ${target} HTTP/1.1`, 'Host: a', 'Connection: close', ...fields, '', ''];
  return answerOf(await bench.exchange(lines.join('\r\n')));
}

export const bearer = (token: string): string => `Authorization: Bearer ${token}`;

/** A bench with `app` at /, awake. */
export async function awakeBench(
  t: TestContext,
  identity: Record<string, unknown> | undefined,
  app: Record<string, unknown> = {},
  proxy: Record<string, unknown> = {},
): Promise<{ bench: Bench; instance: Instance }> {
  const bench = await startBench(t, {
    proxy: { ...proxy, ...(identity === undefined ? {} : { identity }) },
    resources: { app: { routes: [{ path: '/' }], ...app } },
  });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  return { bench, instance };
}

/** The same, with tokens of an issuer, for signed-in users unless said otherwise. */
export async function tokenBench(
  t: TestContext,
  options: { jwt?: Record<string, unknown>; app?: Record<string, unknown>; key?: Key } = {},
): Promise<{ bench: Bench; instance: Instance; key: Key; keys: KeyServer }> {
  const key = options.key ?? (await newKey());
  const keys = await keyServer(t, key);
  const jwt = { keys: keys.url, issuer: ISSUER, audience: AUDIENCE, ...options.jwt };
  const made = await awakeBench(t, { jwt }, options.app ?? { access: 'signed-in' });
  return { ...made, key, keys };
}

/** Heads that have come to an instance, oldest first. */
export function headsAt({ peers }: Instance): string[] {
  return peers.flatMap(({ text }) => text.split('\r\n\r\n').filter((head) => head !== ''));
}
