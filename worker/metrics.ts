import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const BUCKETS_S = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1800];
const DONE = 'done';
const CANCELLED = 'cancelled';

/** What Prometheus learns of the work of one worker: its activities, which are the steps of resources' lives. */
export class WorkerMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #inFlight = new Gauge({
    name: 'reveille_activities_in_flight',
    help: 'Activities that this worker runs now, such as boot',
    labelNames: ['activity'],
    registers: this.#registers,
  });
  readonly #duration = new Histogram({
    name: 'reveille_activity_duration_seconds',
    help: 'How long activities ran, by activity',
    labelNames: ['activity'],
    buckets: BUCKETS_S,
    registers: this.#registers,
  });
  readonly #ended = new Counter({
    name: 'reveille_activities_total',
    help: 'Activities that ended, by outcome: done, cancelled, or the code of the error',
    labelNames: ['activity', 'outcome'],
    registers: this.#registers,
  });
  readonly #boots = new Counter({
    name: 'reveille_boots_total',
    help: 'Boots that ended, by resource of the configuration and outcome as above',
    labelNames: ['resource', 'outcome'],
    registers: this.#registers,
  });

  /** The name of the configuration for a resource, which is its pool's where it is a member. */
  names: (resource: string) => string = (resource) => resource;

  constructor() {
    // There from the start: a rate that begins with the first boot would not see it.
    this.#inFlight.set({ activity: 'boot' }, 0);
  }

  /** Counts each activity of a type. To be added as an interceptor of activities. */
  counting(activity: string): ActivityInboundCallsInterceptor {
    return {
      execute: async (input, next) => {
        const from = performance.now();
        this.#inFlight.inc({ activity });
        let outcome = DONE;
        try {
          return await next(input);
        } catch (error) {
          outcome = outcomeOf(error);
          throw error;
        } finally {
          this.#inFlight.dec({ activity });
          this.#duration.observe({ activity }, (performance.now() - from) / 1000);
          this.#ended.inc({ activity, outcome });
          if (activity === 'boot') this.#boots.inc({ resource: this.#labelOf(input.args[0]), outcome });
        }
      },
    };
  }

  #labelOf(target: unknown): string {
    if (typeof target !== 'object' || target === null || !('name' in target)) return '';
    const { name } = target;
    return typeof name === 'string' ? this.names(name) : '';
  }
}

function outcomeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'INTERNAL';
  if (error.name === 'CancelledFailure') return CANCELLED;
  // ApplicationFailure: its type is a code of the catalogue.
  return 'type' in error && typeof error.type === 'string' ? error.type : 'INTERNAL';
}
