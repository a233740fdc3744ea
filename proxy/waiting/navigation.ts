import type { IncomingMessage } from 'node:http';

/**
 * Whether a browser loads a page of its own here, by Fetch Metadata or, in older browsers, by what it accepts. It can
 * be shown a page that begins again later; everybody else (programs, XHR, images) is held. A form that was sent is
 * held, too: nothing may send it a second time.
 */
export function isNavigation(request: IncomingMessage): boolean {
  if (request.method !== 'GET') return false;
  const { headers } = request;
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  if (headers['x-requested-with'] !== undefined || headers.origin !== undefined) return false;
  return headers.accept?.includes('text/html') === true;
}
