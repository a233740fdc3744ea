/** What Prometheus learns of TCP doors. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** How a connection went: joined with an instance, failed before, or its client left before. */
export type TcpOutcome = 'served' | 'failed' | 'left';

export class TcpMetrics {
  readonly #connections: Counter<'resource' | 'outcome'>;
  readonly #cold: Histogram<'resource'>;

  constructor(registry: Registry, open: () => number) {
    const registers = [registry];
    this.#connections = new Counter({
      name: 'reveille_tcp_connections_total',
      help: 'Connections through TCP doors that ended, by resource and by how they went.',
      labelNames: ['resource', 'outcome'],
      registers,
    });
    this.#cold = new Histogram({
      name: 'reveille_tcp_cold_wait_seconds',
      help: 'How long connections were held until their resource was ready.',
      labelNames: ['resource'],
      buckets: [0.025, 0.1, 0.25, 1, 2.5, 10, 60, 300],
      registers,
    });
    new Gauge({
      name: 'reveille_tcp_connections',
      help: 'Connections through TCP doors now, held ones too.',
      registers,
      collect() {
        this.set(open());
      },
    });
  }

  /** @param coldMs 0 where nothing was waited for. */
  ended(resource: string, outcome: TcpOutcome, coldMs: number): void {
    this.#connections.labels(resource, outcome).inc();
    if (coldMs > 0) this.#cold.labels(resource).observe(coldMs / 1000);
  }
}
