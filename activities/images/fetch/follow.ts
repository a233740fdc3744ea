import { ReveilleError } from '../../../errors/index.js';
import type { Hop, Rules } from './guard.js';
import { type Answer, type Headers, request } from './request.js';
import type { FetchSettings } from './settings.js';
import { shownUrl } from './shown-url.js';

/** A header that opens the door of one origin. */
export interface Credentials {
  header: string;
  /** Never in a message. */
  value: string;
  /** Of all URLs, the origin that it is for. */
  origin: string;
}

/** How one thing is asked for. */
export interface Asking {
  rules: Rules;
  settings: Pick<FetchSettings, 'connectMs' | 'stallMs' | 'ca' | 'redirects'>;
  credentials?: Credentials | undefined;
  signal: AbortSignal;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * GET, redirects followed by hand so that each of their servers is checked.
 * @throws ReveilleError IMAGE_REDIRECT_REFUSED, and as request does.
 */
export async function follow(
  url: URL,
  headers: Headers,
  { rules, settings, credentials, signal }: Asking,
): Promise<Answer> {
  let hop: Hop = { url };
  // Gone for good with the first step elsewhere: who redirects back must not choose what they open.
  let secret = credentials;
  for (let redirects = 0; ; redirects++) {
    if (secret?.origin !== hop.url.origin) secret = undefined;
    const all = secret === undefined ? headers : { ...headers, [secret.header]: secret.value };
    const answer = await request(hop, all, rules, settings, signal);
    const { statusCode = 0, headers: answered } = answer.response;
    if (!REDIRECTS.has(statusCode)) return answer;
    answer.response.destroy();
    if (redirects === settings.redirects) {
      throw refused(url, `more than ${settings.redirects} redirects`);
    }
    hop = { url: target(answered.location, hop.url, rules), cameFrom: answer.reach };
  }
}

function target(location: string | undefined, from: URL, { digestKnown }: Rules): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw refused(from, 'a redirect to no place');
  }
  const to = new URL(location, from);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw refused(from, `a redirect to ${to.protocol}`);
  }
  if (to.protocol === 'http:' && from.protocol === 'https:' && !digestKnown) {
    throw refused(from, 'a redirect from https to http, and no digest is known');
  }
  to.username = '';
  to.password = '';
  return to;
}

const refused = (url: URL, why: string): ReveilleError =>
  new ReveilleError('IMAGE_REDIRECT_REFUSED', `${shownUrl(url)}: ${why}`);
