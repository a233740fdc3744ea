import { randomBytes } from 'node:crypto';
import type { Registry } from 'prom-client';
import {
  type Config,
  definitionOf,
  isKeyPool,
  isNamedAfter,
  type LeaseReply,
  type Logger,
  poolOfMember,
  type ResourceDefinition,
  stretchOf,
} from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import { ResourceClient, type TemporalConnection } from '../temporal/index.js';
import type { Phase } from '../workflows/messages.js';
import type { Gate, GateSettings, Pass, Standing, WaitOptions, WaitState } from './gate-contract.js';
import { GateMetrics } from './gate-metrics.js';
import { HoldBudget } from './hold.js';
import { PhaseLook } from './phase-look.js';
import { type GateServices, ResourceGate } from './resource-gate.js';
import { UsualWakes } from './usual.js';

const POOL_RETRY_MS = 5000;
const KEPT_GATES = 1000;

/** Who may forward, in this proxy process: leases.md in front, Temporal behind. */
export class LeaseGate implements Gate {
  /** Id of this start of this process: another start is another proxy (leases.md). */
  readonly id = `${process.pid.toString(36)}-${randomBytes(5).toString('hex')}`;
  private readonly gates = new Map<string, ResourceGate>();
  private readonly budget: HoldBudget;
  private readonly services: GateServices;
  private readonly phases: PhaseLook;
  private lastAsk = 0;
  /** How many gates there may be until those without use are looked for. */
  private sweepAt = KEPT_GATES;

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
      usual: new UsualWakes(),
      nextAsk: () => ({ proxy: this.id, ask: ++this.lastAsk, at }),
    };
  }

  tryEnter(resource: string, quiet = false): Pass | undefined {
    const gate = this.gates.get(resource);
    return gate?.settings.perConnection ? undefined : gate?.tryEnter(quiet);
  }

  async enter(resource: string, options: WaitOptions): Promise<Pass> {
    const gate = this.gateOf(resource);
    if (options.params !== undefined && !gate.inUse) this.checkRoom(resource);
    const pass = await gate.enter(options);
    if (!gate.settings.perConnection) return pass;
    return await gate.endpoints.passFor(pass, options, this.config.proxy.hold.time);
  }

  standing(resource: string): Standing | undefined {
    return this.gates.get(resource);
  }

  nudge(resource: string, options: Omit<WaitOptions, 'signal'>): void {
    this.gateOf(resource).nudge(options);
  }

  async phase(resource: string): Promise<Phase> {
    return this.state(resource)?.phase ?? (await this.phases.of(resource)).phase;
  }

  async look(resource: string): Promise<WaitState> {
    const known = this.gates.get(resource)?.known;
    if (known !== undefined) return known;
    const usual = this.services.usual.of(poolOfMember(this.config, resource) ?? resource);
    return { ...(await this.phases.of(resource)), usual };
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
      const definition = definitionOf(config, name);
      if (definition) gate.settings = this.settingsOf(name, definition);
    }
  }

  /** Gives every lease back; who is held is told. */
  async close(): Promise<void> {
    await Promise.all([...this.gates.values()].map((gate) => gate.close()));
  }

  private gateOf(resource: string): ResourceGate {
    const known = this.gates.get(resource);
    if (known) return known;
    const definition = definitionOf(this.config, resource);
    if (!definition) throw new ReveilleError('RESOURCE_UNKNOWN', `There is no resource named ${resource}`);
    if (this.gates.size >= this.sweepAt) this.sweep();
    const gate = new ResourceGate(resource, this.services, this.settingsOf(resource, definition));
    this.gates.set(resource, gate);
    return gate;
  }

  private settingsOf(name: string, definition: ResourceDefinition): GateSettings {
    return {
      stretchMs: stretchOf(definition),
      idleMs: definition.idle.after,
      perConnection: definition.command?.perConnection === true,
      hasQuiet: definition.idle.ignore.length > 0,
      label: poolOfMember(this.config, name) ?? name,
    };
  }

  /**
   * Of the members of one pool, those that this proxy knows to be awake are counted at once, so that a flood of names
   * does not reach Temporal. What it does not know the worker counts.
   * @throws ReveilleError POOL_FULL.
   */
  private checkRoom(resource: string): void {
    const pool = poolOfMember(this.config, resource);
    const settings = pool === undefined ? undefined : this.config.resources[pool]?.pool;
    if (pool === undefined || settings === undefined || !isKeyPool(settings)) return;
    let awake = 0;
    for (const [name, gate] of this.gates) if (gate.inUse && isNamedAfter(pool, name)) awake += 1;
    if (awake < settings.maxInstances) return;
    const message = `${settings.maxInstances} members of ${pool} are awake (pool.maxInstances)`;
    throw new ReveilleError('POOL_FULL', message, { retryInMs: POOL_RETRY_MS });
  }

  /** Names of members are the clients' to choose: gates that nothing would be lost with go, now and then. */
  private sweep(): void {
    for (const [name, gate] of this.gates) if (!gate.inUse) this.gates.delete(name);
    this.sweepAt = Math.max(KEPT_GATES, 2 * this.gates.size);
  }
}
