import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StepTiming } from '../workflows/messages.js';

const OVERHEAD_BUCKETS_S = [0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.5, 1, 2, 5, 30];
const STEP_BUCKETS_S = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600];

/** How a touch went: renewed, refused (given up), failed (no answer), or released. */
export type TouchOutcome = 'renewed' | 'refused' | 'failed' | 'released';

/** Counts wakes by outcome and step, and leases. */
export class GateMetrics {
  private readonly wakes: Counter<'resource' | 'outcome'>;
  private readonly steps: Histogram<'resource' | 'step'>;
  private readonly duration: Histogram<'resource'>;
  private readonly overhead: Histogram<'resource'>;
  private readonly touches: Counter<'outcome'>;

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
    this.duration = new Histogram({
      name: 'reveille_wake_duration_seconds',
      help: 'From the first request for a sleeping resource to its readiness, of the wakes that this proxy began',
      labelNames: ['resource'],
      buckets: STEP_BUCKETS_S,
      registers,
    });
    this.overhead = new Histogram({
      name: 'reveille_wake_overhead_seconds',
      help: 'What Reveille added to the steps of such a wake',
      labelNames: ['resource'],
      buckets: OVERHEAD_BUCKETS_S,
      registers,
    });
    this.touches = new Counter({
      name: 'reveille_lease_touches_total',
      help: 'Renewals and releases of leases, by how they went',
      labelNames: ['outcome'],
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

  /**
   * @param steps of the boot; undefined where the resource was awake.
   * @param waitedMs since this proxy asked.
   */
  granted(resource: string, steps: StepTiming[] | undefined, waitedMs: number): void {
    this.wakes.inc({ resource, outcome: steps ? 'ready' : 'warm' });
    if (steps === undefined) return;
    let sum = 0;
    for (const { step, took } of steps) {
      sum += took;
      this.steps.observe({ resource, step }, took / 1000);
    }
    // Who came late in a boot that another proxy began waited for a part of it.
    if (waitedMs < sum) return;
    this.duration.observe({ resource }, waitedMs / 1000);
    this.overhead.observe({ resource }, (waitedMs - sum) / 1000);
  }

  touched(outcome: TouchOutcome): void {
    this.touches.inc({ outcome });
  }

  refused(resource: string, outcome: string): void {
    this.wakes.inc({ resource, outcome });
  }
}
