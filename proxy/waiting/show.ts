import type { ServerResponse } from 'node:http';
import type { Gate } from '../gate-contract.js';
import { sendWhole } from '../problems.js';
import type { Route } from '../route.js';
import { eventsUrl } from './events-path.js';
import { type Pages, REFRESH_S } from './pages.js';
import { viewOf } from './view.js';

interface Shown {
  route: Route;
  /** Path and query that the page stands at. */
  target: string;
  requestId: string;
  close: boolean;
}

/**
 * Sends the page. Its status is 503 with Retry-After: a 200 would be indexed and cached as if it were the
 * application's own page, and monitors would call the application well.
 */
export function sendWaitingPage(
  response: ServerResponse,
  gate: Pick<Gate, 'state'>,
  pages: Pages,
  { route, target, requestId, close }: Shown,
): void {
  const state = gate.state(route.resource) ?? { phase: 'asleep', waitedMs: 0 };
  const view = viewOf(route.resource, state, route.showLog);
  const { html, policy } = pages.waiting(view, target, eventsUrl(route, target), requestId);
  sendWhole(response, 503, 'text/html; charset=utf-8', html, {
    requestId,
    retryInMs: REFRESH_S * 1000,
    close,
    fields: ['Content-Security-Policy', policy],
  });
}
