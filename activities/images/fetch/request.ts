import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { rootCertificates, type TLSSocket } from 'node:tls';
import { ReveilleError } from '../../../errors/index.js';
import { type Reach, reachOf } from './address-reach.js';
import { checkAddress, guardedLookup, type Hop, type Rules } from './guard.js';
import type { FetchSettings } from './settings.js';
import { shownUrl } from './shown-url.js';

export interface Answer {
  response: IncomingMessage;
  /** From where the server can be reached. */
  reach: Reach;
  /** What was wrong with the answer beyond what its body tells, once that is read. */
  fault(): ReveilleError | undefined;
  /** Whether the server closed the connection in order, rather than that it broke. */
  closed(): boolean;
}

export type Headers = Record<string, string>;
type Times = Pick<FetchSettings, 'connectMs' | 'stallMs' | 'ca'>;

/**
 * One GET on a connection of its own, up to the head of the answer. The body is to be read or destroyed.
 * @throws ReveilleError as checkAddress does; IMAGE_UNREACHABLE, IMAGE_STALLED; the signal's reason.
 */
export async function request(
  hop: Hop,
  headers: Headers,
  rules: Rules,
  times: Times,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  const host = hop.url.hostname.replace(/^\[(.*)\]$/, '$1');
  // A socket asks its lookup for names only.
  if (isIP(host) !== 0) checkAddress(host, hop, rules);
  const options = {
    agent: false as const,
    headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'reveille', ...headers },
    lookup: guardedLookup(hop, rules),
    signal,
    ...(times.ca === undefined ? {} : { ca: [...rootCertificates, times.ca] }),
  };
  const asked = hop.url.protocol === 'https:' ? https.get(hop.url, options) : http.get(hop.url, options);
  let fault: ReveilleError | undefined;
  let closed = false;
  return await new Promise((resolve, reject) => {
    let timer = setTimeout(() => asked.destroy(late(hop, 'no connection', times.connectMs)), times.connectMs);
    const connected = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => asked.destroy(late(hop, 'no answer', times.stallMs)), times.stallMs);
    };
    asked.once('socket', (socket: Socket | TLSSocket) => {
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
    });
    let head: IncomingMessage | undefined;
    asked.once('response', (response) => {
      head = response;
      clearTimeout(timer);
      response.socket.once('end', () => {
        closed = true;
      });
      const reach = reachOf(response.socket.remoteAddress ?? '');
      resolve({ response, reach, fault: () => fault, closed: () => closed });
    });
    // After the head of the answer too: bytes past its end are told here.
    asked.on('error', (error) => {
      clearTimeout(timer);
      fault = head?.complete === true ? tooLong(hop.url, error) : broken(error, hop.url);
      reject(signal.aborted ? signal.reason : fault);
    });
  });
}

const late = ({ url }: Hop, what: string, afterMs: number): ReveilleError =>
  new ReveilleError('IMAGE_STALLED', `${shownUrl(url)}: ${what} within ${afterMs} ms`);

/** An error of a connection by its name in the catalogue. */
export function broken(error: Error, url: URL): ReveilleError {
  if (error instanceof ReveilleError) return error;
  return new ReveilleError('IMAGE_UNREACHABLE', `${shownUrl(url)}: ${error.message}`, { cause: error });
}

/** Bytes that came after the end which the answer itself announced. */
const tooLong = (url: URL, cause: Error): ReveilleError =>
  new ReveilleError('IMAGE_LENGTH_WRONG', `${shownUrl(url)}: the server sent more than it said`, { cause });
