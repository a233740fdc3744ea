import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Identified } from '../../access/identity.js';
import type { AsleepAnswer } from '../../config/index.js';
import type { Pass } from '../gate-contract.js';
import type { Target } from '../request-target.js';
import type { Route } from '../route.js';
import { knock, type Settings, type Traffic } from '../traffic.js';
import { isNavigation } from './navigation.js';
import { sendWaitingPage } from './show.js';

/** A request that the gate has no pass for yet. */
interface Held {
  route: Route;
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  target: Target;
  who: Identified;
  /** The trace that a wake belongs to. */
  trace: string | undefined;
}

/** One request on hold until its resource is ready. A browser that navigates is shown a page after a while. */
export class Hold {
  readonly #waits = new AbortController();
  #keepsWake = false;

  constructor(
    private readonly traffic: Traffic,
    private readonly settings: Settings,
    private readonly held: Held,
  ) {}

  /** @returns a pass, or the answer that the proxy gives itself. @throws what WakeRules.enter throws. */
  async wait(): Promise<Pass | AsleepAnswer> {
    const { request, route } = this.held;
    const { after } = this.settings.waiting;
    const page = isNavigation(request) ? setTimeout(() => this.#showPage(), after) : undefined;
    try {
      return await knock(this.traffic.gate, this.settings, { ...this.held, signal: this.#waits.signal });
    } finally {
      clearTimeout(page);
      if (this.#keepsWake) this.traffic.keptAwake.delete(route.resource);
    }
  }

  /** The client has gone, or has its answer. */
  leave(): void {
    if (!this.#keepsWake) this.#waits.abort();
  }

  /** The wake goes on without this client: one hold stays for it, however often the page is loaded again. */
  #showPage(): void {
    const { route, target, requestId, response } = this.held;
    if (response.headersSent || response.destroyed) return;
    const { keptAwake, gate, draining: close } = this.traffic;
    if (keptAwake.has(route.resource)) this.#waits.abort();
    else {
      keptAwake.add(route.resource);
      this.#keepsWake = true;
    }
    sendWaitingPage(response, gate, this.settings.pages, { route, target: target.path, requestId, close });
  }
}
