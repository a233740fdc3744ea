import { type ClientRequest, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface ProbeTarget {
  readonly url: URL;
  /** Request target as it goes on the wire; default: that of the URL. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * One GET on a connection of its own. Resolves with the status as soon as the head is there: the body is not
 * read, no redirect is followed. Rejects with an error whose message says why, in words.
 */
export function probeHttp({ url, path, headers }: ProbeTarget, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    let request: ClientRequest;
    try {
      const options = { agent: false, signal, headers: { 'user-agent': 'reveille-probe', ...headers } };
      request = send(url, path === undefined ? options : { ...options, path });
    } catch (error) {
      reject(error);
      return;
    }
    request.once('response', (response) => {
      // Destroying the request below may make the response fail: nobody listens for that any more.
      response.on('error', () => undefined);
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    request.on('error', (error) =>
      reject(signal.aborted ? error : new Error(inWords(error), { cause: error })),
    );
    request.end();
  });
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed without an answer',
  EPIPE: 'the connection was closed without an answer',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'the host name is unknown',
  ETIMEDOUT: 'no answer to the connection attempt',
};

/** What went wrong with a connection, as a person would say it. */
export function inWords(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code.startsWith('HPE_')) return 'the answer is not HTTP';
  return WORDS[code] ?? error.message;
}
