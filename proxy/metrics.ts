/** What Prometheus learns of user traffic. Labels are resources of the configuration and classes of statuses. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Of requests that no route takes: one label, whatever clients ask for. */
export const NO_ROUTE = { resource: '', label: '' };
const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted'] as const;
const ABORTED = 5;
const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 60, 300];

interface Meters {
  byClass: { inc(): void }[];
  duration: { observe(seconds: number): void };
  cold: { observe(seconds: number): void };
}

/** Counters of the HTTP side. Cheap per request: a resource's own counters are looked up once. */
export class TrafficMetrics {
  readonly #requests: Counter<'resource' | 'code'>;
  readonly #duration: Histogram<'resource'>;
  readonly #cold: Histogram<'resource'>;
  readonly #errors: Counter<'resource' | 'code'>;
  readonly #byResource = new Map<string, Meters>();

  constructor(
    registry: Registry,
    held: () => number,
    connections: () => { clients: number; upgraded: number; pages: number },
  ) {
    const registers = [registry];
    this.#requests = new Counter({
      name: 'reveille_requests_total',
      help: 'Requests that ended, by resource (empty: no route) and class of status.',
      labelNames: ['resource', 'code'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'reveille_request_duration_seconds',
      help: 'From the arrival of the head to the end of the answer.',
      labelNames: ['resource'],
      buckets: SECONDS,
      registers,
    });
    this.#cold = new Histogram({
      name: 'reveille_cold_wait_seconds',
      help: 'How long requests were held until their resource was ready.',
      labelNames: ['resource'],
      buckets: SECONDS,
      registers,
    });
    this.#errors = new Counter({
      name: 'reveille_errors_total',
      help: 'Requests that Reveille itself answered with an error, by its code.',
      labelNames: ['resource', 'code'],
      registers,
    });
    gauge(registry, 'reveille_held_requests', 'Requests held now.', held);
    gauge(
      registry,
      'reveille_client_connections',
      'Connections of clients now.',
      () => connections().clients,
    );
    gauge(
      registry,
      'reveille_upgraded_connections',
      'Of the connections of clients, upgraded ones such as WebSockets.',
      () => connections().upgraded,
    );
    gauge(
      registry,
      'reveille_waiting_pages',
      'Waiting pages that hear now how their wakes go on.',
      () => connections().pages,
    );
  }

  /** @param status 0 where the client went away before an answer. @param coldMs 0 where nothing was waited for. */
  ended(resource: string, status: number, durationMs: number, coldMs: number): void {
    const meters = this.#byResource.get(resource) ?? this.#open(resource);
    meters.byClass[status === 0 ? ABORTED : Math.floor(status / 100) - 1]?.inc();
    meters.duration.observe(durationMs / 1000);
    if (coldMs > 0) meters.cold.observe(coldMs / 1000);
  }

  /** @param code of the catalogue of errors. */
  failed(resource: string, code: string): void {
    this.#errors.inc({ resource, code });
  }

  #open(resource: string): Meters {
    const meters: Meters = {
      byClass: CLASSES.map((code) => this.#requests.labels(resource, code)),
      duration: this.#duration.labels(resource),
      cold: this.#cold.labels(resource),
    };
    this.#byResource.set(resource, meters);
    return meters;
  }
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
