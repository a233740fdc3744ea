import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';

export interface HouseAnswer {
  pid: number;
  generation: number;
  resource: string;
  url: string;
}

export interface Problem {
  status: number;
  type: string | null;
  retryAfter: string | null;
  body: { code: string; detail: string; log?: string; retryIn?: number };
}

/** What the application answers; anything but 200 is an error. */
export async function ask(url: string, init: RequestInit = {}): Promise<HouseAnswer> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text) as HouseAnswer;
}

/** An answer that is an error of Reveille's own. */
export async function askForProblem(url: string, init: RequestInit = {}): Promise<Problem> {
  const response = await fetch(url, init);
  const { status, headers } = response;
  return {
    status,
    type: headers.get('content-type'),
    retryAfter: headers.get('retry-after'),
    body: (await response.json()) as Problem['body'],
  };
}

/** Sends on a connection of its own. Resolves with the answer's head; its body is for the caller to read. */
export async function send(
  url: string,
  options: { method?: string; headers?: Record<string, string | number>; body?: Readable } = {},
): Promise<IncomingMessage> {
  const { body, ...rest } = options;
  const sending = request(url, { ...rest, agent: false });
  const answered = once(sending, 'response');
  if (body) body.pipe(sending);
  else sending.end();
  const [response] = (await answered) as [IncomingMessage];
  return response;
}
