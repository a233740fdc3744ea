import { Registry } from 'prom-client';
import type { Pass } from '../../proxy/gate-contract.js';
import { GateMetrics } from '../../proxy/gate-metrics.js';
import { HoldBudget } from '../../proxy/hold.js';
import { ResourceGate } from '../../proxy/resource-gate.js';
import { UsualWakes } from '../../proxy/usual.js';
import type { Resources } from '../../proxy/waiter.js';
import type { HistoryNews } from '../../temporal/index.js';
import type { ReadyState, TouchArgs, UnreachableArgs, WakeArgs } from '../../workflows/messages.js';
import { quiet } from './stack.js';

export const RUN = 'run';

/** A workflow as a test says it is: what the gate sends is kept, what it hears is set. */
export class FakeResources implements Resources {
  readonly wakes: WakeArgs[] = [];
  readonly touches: TouchArgs[] = [];
  readonly reports: UnreachableArgs[] = [];
  generation = 1000;
  leaseMs = 60_000;
  /** Called for each message before it is recorded; a test makes it fail or wait. */
  onWake: (args: WakeArgs) => Promise<void> = async () => {};
  onTouch: (args: TouchArgs) => Promise<void> = async () => {};
  onQuery: (state: ReadyState) => Promise<ReadyState> = async (state) => state;
  private lastAsk = 0;

  async wake(_name: string, args: WakeArgs = {}): Promise<string> {
    this.wakes.push(args);
    await this.onWake(args);
    this.lastAsk = args.ask ?? 0;
    return RUN;
  }

  async touch(_name: string, args: TouchArgs): Promise<boolean> {
    this.touches.push(args);
    await this.onTouch(args);
    if (!args.release) this.lastAsk = args.ask;
    return true;
  }

  async unreachable(_name: string, args: UnreachableArgs): Promise<boolean> {
    this.reports.push(args);
    return true;
  }

  /** Ready, and everyone granted, unless `onQuery` says otherwise. */
  async ready(): Promise<ReadyState> {
    return await this.onQuery(this.state());
  }

  state(): ReadyState {
    const { generation, lastAsk: ask } = this;
    const granted = { lease: this.leaseMs, waited: 0, generation };
    return {
      phase: 'ready',
      ready: true,
      generation,
      endpoint: { host: '127.0.0.1', port: 1 },
      instance: `instance of ${generation}`,
      answers: { p: { ask, granted } },
      progress: { since: 0, steps: [] },
    };
  }

  /** Something has happened before, and then nothing ever does; ends with the signal. */
  async news(
    _name: string,
    _run: string,
    token: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<HistoryNews> {
    if (token === undefined) return { token: new Uint8Array(1), changed: true };
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  }
}

/** The gate of one resource in front of it. Its proxy's id is `p`. */
export function gateOn(
  resources: FakeResources,
  { stretchMs = 0, hold = { time: 60_000, perResource: 100, total: 100 } } = {},
): ResourceGate {
  let ask = 0;
  const services = {
    id: 'p',
    resources,
    log: quiet,
    budget: new HoldBudget(hold),
    metrics: new GateMetrics(new Registry(), () => 0),
    usual: new UsualWakes(),
    nextAsk: () => ({ proxy: 'p', ask: ++ask, at: '127.0.0.1:1' }),
  };
  return new ResourceGate('r', services, {
    stretchMs,
    hasQuiet: false,
    perConnection: false,
    idleMs: 60_000,
    label: 'r',
  });
}

export function enter(gate: ResourceGate, signal: AbortSignal = new AbortController().signal): Promise<Pass> {
  return gate.enter({ reason: 'a test', signal });
}
