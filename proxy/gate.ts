import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { Config, LeaseReply, Logger } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { ResourceClient, type TemporalConnection } from '../temporal/index.js';
import type { Phase } from '../workflows/messages.js';
import type { Gate, Pass, WaitOptions, WaitState } from './gate-contract.js';
import { GateMetrics } from './gate-metrics.js';
import { HoldBudget } from './hold.js';
import { PhaseLook } from './phase-look.js';
import { type GateServices, ResourceGate } from './resource-gate.js';

/** Who may forward, in this proxy process: leases.md in front, Temporal behind. */
export class LeaseGate implements Gate {
  /** Id of this start of this process: another start is another proxy (leases.md). */
  readonly id = `${process.pid.toString(36)}-${randomBytes(5).toString('hex')}`;
  private readonly gates = new Map<string, ResourceGate>();
  private readonly budget: HoldBudget;
  private readonly services: GateServices;
  private readonly phases: PhaseLook;
  private lastAsk = 0;

  constructor(
    private config: Config,
    options: { temporal: TemporalConnection; at: string; log: Logger; registry: Registry },
  ) {
    const { temporal, at, log, registry } = options;
    this.budget = new HoldBudget(config.proxy.hold);
    const metrics = new GateMetrics(
      registry,
      () => [...this.gates.values()].filter((gate) => gate.hasLease).length,
    );
    const resources = new ResourceClient(temporal);
    this.phases = new PhaseLook(resources);
    this.services = {
      id: this.id,
      resources,
      log,
      budget: this.budget,
      metrics,
      nextAsk: () => ({ proxy: this.id, ask: ++this.lastAsk, at }),
    };
  }

  tryEnter(resource: string): Pass | undefined {
    return this.gates.get(resource)?.tryEnter();
  }

  async enter(resource: string, options: WaitOptions): Promise<Pass> {
    return await this.gateOf(resource).enter(options);
  }

  async phase(resource: string): Promise<Phase> {
    return this.state(resource)?.phase ?? (await this.phases.of(resource));
  }

  state(resource: string): WaitState | undefined {
    return this.gates.get(resource)?.state;
  }

  held(): number {
    return this.budget.held;
  }

  /** A workflow's question about the lease of one generation. */
  answer(resource: string, generation: number, revoke: boolean): LeaseReply {
    // Also where nothing was ever asked for it: the revocation must outlast a grant that is on its way.
    return { proxy: this.id, ...this.gateOf(resource).answer(generation, revoke) };
  }

  reload(config: Config): void {
    this.config = config;
    this.budget.limits = config.proxy.hold;
    for (const [name, gate] of this.gates) {
      const definition = config.resources[name];
      if (definition) gate.stretchMs = definition.lease.stretch;
    }
  }

  /** Gives every lease back; who is held is told. */
  async close(): Promise<void> {
    await Promise.all([...this.gates.values()].map((gate) => gate.close()));
  }

  private gateOf(resource: string): ResourceGate {
    const known = this.gates.get(resource);
    if (known) return known;
    const definition = this.config.resources[resource];
    if (!definition) throw new ReveilleError('RESOURCE_UNKNOWN', `There is no resource named ${resource}`);
    const gate = new ResourceGate(resource, this.services, definition.lease.stretch);
    this.gates.set(resource, gate);
    return gate;
  }
}
