import type { RequestHandler } from 'express';
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import { PHASES, type ResourceSummary } from './contract.js';
import type { PartMetrics } from './parts.js';

/** The control process's own metrics. Labels are bounded: routes by their pattern, phases by their list. */
export class ControlMetrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #resources = new Gauge({
    name: 'reveille_resources',
    help: 'Resources by phase; absent while Temporal does not answer',
    labelNames: ['phase'],
    registers: this.#registers,
  });
  readonly #temporal = new Gauge({
    name: 'reveille_temporal_up',
    help: '1 where Temporal answers the control address, else 0',
    registers: this.#registers,
  });
  readonly #proxies = new Gauge({
    name: 'reveille_proxies',
    help: 'Proxies of this machine that answer',
    registers: this.#registers,
  });
  readonly #workers = new Gauge({
    name: 'reveille_workers',
    help: 'Workers of this machine that answer',
    registers: this.#registers,
  });
  readonly #awake = new Gauge({
    name: 'reveille_awake_seconds',
    help: 'Time awake within control.cost.period, by resource of the configuration',
    labelNames: ['resource'],
    registers: this.#registers,
  });
  readonly #spent = new Gauge({
    name: 'reveille_cost_spent',
    help: 'Money spent within control.cost.period, where a price is given',
    labelNames: ['resource', 'currency'],
    registers: this.#registers,
  });
  readonly #saved = new Gauge({
    name: 'reveille_cost_saved',
    help: 'Money saved within control.cost.period against being always on, where a price is given',
    labelNames: ['resource', 'currency'],
    registers: this.#registers,
  });
  readonly #requests = new Counter({
    name: 'reveille_api_requests_total',
    help: 'Requests to the control address',
    labelNames: ['method', 'route', 'code'],
    registers: this.#registers,
  });

  /** Counts each request when its answer has been sent. */
  readonly count: RequestHandler = (req, res, next) => {
    res.once('close', () => {
      const route = routeOf(req.route) ?? 'none';
      this.#requests.inc({ method: req.method, route, code: String(res.statusCode) });
    });
    next();
  };

  /**
   * Everything as Prometheus text, the metrics of proxies and of workers added up.
   * @param resources undefined where Temporal does not answer: then no phase is told, rather than an old one.
   */
  async render(
    resources: ResourceSummary[] | undefined,
    proxies: PartMetrics[],
    workers: PartMetrics[],
  ): Promise<string> {
    this.#temporal.set(resources === undefined ? 0 : 1);
    this.#proxies.set(proxies.length);
    this.#workers.set(workers.length);
    this.#resources.reset();
    for (const phase of resources === undefined ? [] : PHASES) this.#resources.set({ phase }, 0);
    for (const { phase, members } of resources ?? []) {
      if (members === undefined) this.#resources.inc({ phase });
    }
    this.#setCosts(resources ?? []);
    const own = await this.#registry.getMetricsAsJSON();
    return AggregatorRegistry.aggregate([own, ...proxies, ...workers]).metrics();
  }

  #setCosts(resources: ResourceSummary[]): void {
    for (const gauge of [this.#awake, this.#spent, this.#saved]) gauge.reset();
    for (const { name: resource, cost } of resources) {
      if (cost === undefined) continue;
      this.#awake.set({ resource }, cost.awakeHours * 3600);
      if (cost.currency === undefined) continue;
      this.#spent.set({ resource, currency: cost.currency }, cost.spent ?? 0);
      this.#saved.set({ resource, currency: cost.currency }, cost.saved ?? 0);
    }
  }
}

/** The pattern of the matched route (express types it as any). */
function routeOf(route: unknown): string | undefined {
  if (typeof route !== 'object' || route === null || !('path' in route)) return undefined;
  return typeof route.path === 'string' ? route.path : undefined;
}
