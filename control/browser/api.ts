/** Calls to the control API, from the page that it serves. */
import { type Action, CLIENT_HEADER, RESOURCES_PATH, SESSION_PATH } from './contract.js';

/** @throws Error with what the API says. A session that is over leads to signing in. */
export async function getJson<T>(path: string): Promise<T> {
  return (await (await checked(fetch(path))).json()) as T;
}

/** What people can do from here; retry is a wake of what has failed. */
export type Deed = Exclude<Action, 'delete'>;

export async function act(name: string, deed: Deed): Promise<void> {
  await send('POST', `${pathOf(name)}/${deed}`, '{}');
}

export async function signOut(): Promise<void> {
  await send('DELETE', SESSION_PATH);
  location.assign('/');
}

export const pathOf = (name: string): string => `${RESOURCES_PATH}/${encodeURIComponent(name)}`;

/** The log's end, and what is added to it, until the signal ends it. */
export async function followLog(
  name: string,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const answer = await checked(fetch(`${pathOf(name)}/logs?lines=200&follow=true`, { signal }));
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  for (let part = await reader.read(); !part.done; part = await reader.read()) onText(part.value);
}

async function send(method: string, path: string, body?: string): Promise<void> {
  const headers = { [CLIENT_HEADER]: 'dashboard', 'content-type': 'application/json' };
  await checked(fetch(path, { method, headers, ...(body === undefined ? {} : { body }) }));
}

async function checked(asked: Promise<Response>): Promise<Response> {
  const answer = await asked;
  if (answer.ok) return answer;
  if (answer.status === 401) location.reload();
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string; remedy?: string };
  throw new Error([problem.detail ?? `the answer was ${answer.status}`, problem.remedy ?? ''].join('. '));
}
