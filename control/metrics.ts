import type { RequestHandler } from 'express';
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import type { ResourceSummary } from './contract.js';
import type { ProxyMetrics } from './proxies.js';

/** Every value of the label, so that a phase nobody is in reads 0. */
const PHASES = [
  'asleep',
  'imaging',
  'booting',
  'checking',
  'ready',
  'draining',
  'stopping',
  'failed',
  'unknown',
] as const satisfies readonly ResourceSummary['phase'][];

/** The control process's own metrics. Labels are bounded: routes by their pattern, phases by their list. */
export class ControlMetrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #resources = new Gauge({
    name: 'reveille_resources',
    help: 'Resources by phase',
    labelNames: ['phase'],
    registers: this.#registers,
  });
  readonly #temporal = new Gauge({
    name: 'reveille_temporal_up',
    help: 'Whether Temporal answers the control address',
    registers: this.#registers,
  });
  readonly #proxies = new Gauge({
    name: 'reveille_proxies',
    help: 'Proxies of this machine that answer',
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
   * Everything as Prometheus text, the proxies' metrics added up.
   * @param resources undefined where Temporal does not answer: then no phase is told, rather than an old one.
   */
  async render(resources: ResourceSummary[] | undefined, proxies: ProxyMetrics[]): Promise<string> {
    this.#temporal.set(resources === undefined ? 0 : 1);
    this.#proxies.set(proxies.length);
    this.#resources.reset();
    for (const phase of resources === undefined ? [] : PHASES) this.#resources.set({ phase }, 0);
    for (const { phase, members } of resources ?? []) {
      if (members === undefined) this.#resources.inc({ phase });
    }
    const own = await this.#registry.getMetricsAsJSON();
    return AggregatorRegistry.aggregate([own, ...proxies]).metrics();
  }
}

/** The pattern of the matched route (express types it as any). */
function routeOf(route: unknown): string | undefined {
  if (typeof route !== 'object' || route === null || !('path' in route)) return undefined;
  return typeof route.path === 'string' ? route.path : undefined;
}
