/**
 * What a person sees while a machine wakes. A browser that navigates is shown a page after a second instead of a
 * blank tab; everybody else (programs, XHR, images) is held, since only a navigation can be begun again by a page.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WaitState } from './gate-contract.js';
import { escapeHtml, htmlPage } from './html.js';
import { sendWhole } from './problems.js';

/** A wake that takes longer is told to a browser. */
export const PAGE_AFTER_MS = 1000;
const RELOAD_AFTER_S = 1;

/** Whether a browser loads a page of its own here, by Fetch Metadata or, in older browsers, by what it accepts. */
export function isNavigation(request: IncomingMessage): boolean {
  if (request.method !== 'GET') return false;
  const { headers } = request;
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  if (headers['x-requested-with'] !== undefined || headers.origin !== undefined) return false;
  return headers.accept?.includes('text/html') === true;
}

const DOING: Readonly<Record<WaitState['phase'], string>> = {
  asleep: 'is asleep and about to wake',
  imaging: 'is fetching its image',
  booting: 'is booting',
  checking: 'has started and is not healthy yet',
  ready: 'is about to answer',
  draining: 'is stopping and will start again',
  stopping: 'is stopping and will start again',
  failed: 'did not start; another attempt is due',
};

/**
 * Sends the page. Its status is 503 with Retry-After: a 200 would be indexed and cached as if it were the
 * application's own page, and monitors would call the application well.
 */
export function sendWaitingPage(
  response: ServerResponse,
  resource: string,
  state: WaitState | undefined,
  requestId: string,
  close: boolean,
): void {
  const phase = state?.phase ?? 'asleep';
  const since =
    state?.progress === undefined ? '' : `<p>${sinceText(state.progress)}${placeText(state.progress)}</p>\n`;
  const body = `<h1>${escapeHtml(resource)} ${DOING[phase]}</h1>
${since}<p>This page reloads until it answers.</p>
<p><small>${phase} · request ${escapeHtml(requestId)}</small></p>`;
  const refresh = `<meta http-equiv="refresh" content="${RELOAD_AFTER_S}">\n`;
  sendWhole(response, 503, 'text/html; charset=utf-8', htmlPage(`${resource} is waking`, body, refresh), {
    requestId,
    retryInMs: RELOAD_AFTER_S * 1000,
    close,
  });
}

function placeText({ ahead }: NonNullable<WaitState['progress']>): string {
  return ahead === undefined
    ? ''
    : ` It waits for a place: ${ahead} ${ahead === 1 ? 'is' : 'are'} before it.`;
}

function sinceText(progress: NonNullable<WaitState['progress']>): string {
  const seconds = Math.max(0, Math.round((Date.now() - progress.since) / 1000));
  const done = progress.steps.map(({ step, took }) => `${step} ${(took / 1000).toFixed(1)} s`).join(', ');
  const usual =
    progress.usual === undefined ? '' : ` It usually takes ${Math.ceil(progress.usual / 1000)} s.`;
  return `For ${seconds} s now${done === '' ? '' : ` (done: ${done})`}.${usual}`;
}
