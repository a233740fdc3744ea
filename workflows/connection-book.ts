import type { Client, ConnectionAnswer, Failure } from './messages.js';

/** Proxies whose last answer is remembered. Far above the proxies that live at once. */
const MAX_PROXIES = 200;

/** A connection that waits for an endpoint of its own. */
export interface AskedConnection {
  proxy: string;
  ask: number;
  client: Client;
}

/** Plain data, because it travels through continue-as-new. */
export interface ConnectionBookState {
  /** In the order in which they came. */
  waiting: AskedConnection[];
  answers: Record<string, ConnectionAnswer>;
}

/**
 * Connections that each want an endpoint of their own. Each proxy asks for one at a time: a later ask of it takes the
 * place of an earlier one, whose client has left.
 */
export class ConnectionBook {
  constructor(readonly state: ConnectionBookState = { waiting: [], answers: {} }) {}

  ask(asked: AskedConnection): void {
    const others = this.state.waiting.filter(({ proxy }) => proxy !== asked.proxy);
    this.state.waiting = [...others, asked].slice(-MAX_PROXIES);
  }

  get first(): AskedConnection | undefined {
    return this.state.waiting[0];
  }

  /** Whether there is anything to carry or to tell. */
  get isUsed(): boolean {
    return this.anyWaiting || Object.keys(this.state.answers).length > 0;
  }

  get anyWaiting(): boolean {
    return this.state.waiting.length > 0;
  }

  /** Of one that waits no more, nothing is noted. */
  answer({ proxy, ask }: AskedConnection, answer: Omit<ConnectionAnswer, 'ask'>): void {
    const { waiting, answers } = this.state;
    const rest = waiting.filter((one) => one.proxy !== proxy || one.ask !== ask);
    if (rest.length === waiting.length) return;
    this.state.waiting = rest;
    // The youngest comes last, so that the oldest is forgotten first.
    delete answers[proxy];
    answers[proxy] = { ask, ...answer };
    const [oldest, ...others] = Object.keys(answers);
    if (oldest !== undefined && others.length >= MAX_PROXIES) delete answers[oldest];
  }

  refuseAll(refused: Failure): void {
    for (const asked of [...this.state.waiting]) this.answer(asked, { refused });
  }
}
