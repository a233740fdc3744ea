import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StepTiming } from '../workflows/messages.js';

const STEP_BUCKETS_S = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600];

/** Counts wakes by outcome and step, and leases. */
export class GateMetrics {
  private readonly wakes: Counter<'resource' | 'outcome'>;
  private readonly steps: Histogram<'resource' | 'step'>;

  constructor(registry: Registry, leases: () => number) {
    const registers = [registry];
    this.wakes = new Counter({
      name: 'reveille_wakes_total',
      help: 'Wakes that this proxy asked for and that were answered, by outcome: ready, warm (it was awake), or the code of the error',
      labelNames: ['resource', 'outcome'],
      registers,
    });
    this.steps = new Histogram({
      name: 'reveille_wake_step_seconds',
      help: 'Time that each step of a wake took',
      labelNames: ['resource', 'step'],
      buckets: STEP_BUCKETS_S,
      registers,
    });
    new Gauge({
      name: 'reveille_leases',
      help: 'Live leases of this proxy',
      registers,
      collect() {
        this.set(leases());
      },
    });
  }

  /** @param steps of the boot; undefined where the resource was awake. */
  granted(resource: string, steps: StepTiming[] | undefined): void {
    this.wakes.inc({ resource, outcome: steps ? 'ready' : 'warm' });
    for (const { step, took } of steps ?? []) this.steps.observe({ resource, step }, took / 1000);
  }

  refused(resource: string, outcome: string): void {
    this.wakes.inc({ resource, outcome });
  }
}
