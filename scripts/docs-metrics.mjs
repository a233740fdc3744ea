// node scripts/docs-metrics.mjs [--check] [FILE]: writes docs/metrics-reference.md from the metrics that proxy, worker
// and control register, or tells by its exit code whether it is up to date. Needs `npm run build` before.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Histogram, Registry } from 'prom-client';
import { ControlMetrics } from '../dist/control/metrics.js';
import { GateMetrics } from '../dist/proxy/gate-metrics.js';
import { TrafficMetrics } from '../dist/proxy/metrics.js';
import { Refusals } from '../dist/proxy/refusals.js';
import { TcpMetrics } from '../dist/proxy/tcp/metrics.js';
import { tellImages } from '../dist/worker/image-metrics.js';
import { WorkerMetrics } from '../dist/worker/metrics.js';
import { writeOrCheck } from './docs/page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const INTRODUCTION = `# Metrics, one by one

Every metric of Reveille's own, made from the code by \`node scripts/docs-metrics.mjs\`. Where they are read, alerts and the
Grafana dashboard: [metrics.md](metrics.md). The Temporal SDK's own (\`temporal_*\`) are in Temporal's documentation.

A histogram has \`_bucket\`, \`_sum\` and \`_count\`.
`;

const CODE = 'a code of [errors.md](errors.md)';
const RESOURCE = "a name of the configuration; members of a pool are counted under the pool's";
/** What values a label has: of one metric where they differ, else of every metric with such a label. */
const VALUES = {
  'reveille_requests_total code': '`1xx` to `5xx`, or `aborted` where the client went away before an answer',
  'reveille_requests_total resource': `${RESOURCE}; empty where no route takes the request`,
  'reveille_wakes_total outcome': `\`ready\`, \`warm\` (it was awake), or ${CODE}`,
  'reveille_lease_touches_total outcome':
    '`renewed`, `refused` (it is being stopped, or gone), `failed` (no answer), `released`',
  'reveille_tcp_connections_total outcome':
    '`served`, `failed` (no instance to join it with), `left` (its client went before)',
  'reveille_api_requests_total code': 'status of the answer',
  method: 'of HTTP',
  route: "the path's pattern, such as `/api/v1/resources/:name`; `none` where there is no such path",
  resource: RESOURCE,
  code: CODE,
  outcome: `\`done\`, \`cancelled\`, or ${CODE}`,
  activity: 'the kind of step, such as `boot`, `waitHealthy` or `stop`',
  step: '`image`, `boot`, `health`',
  use: '`used` by a resource, `unused`',
  phase: 'a phase of [concepts.md](concepts.md), or `unknown` where nobody could say',
  currency: 'as the price in the configuration has it',
};

/** The metrics that `make` registers, wherever it does so. */
function registered(make) {
  const found = [];
  const original = Registry.prototype.registerMetric;
  Registry.prototype.registerMetric = function (metric) {
    found.push(metric);
    return original.call(this, metric);
  };
  try {
    make(new Registry());
  } finally {
    Registry.prototype.registerMetric = original;
  }
  return found;
}

const nothing = () => 0;
const parts = {
  'Proxy: requests and connections': (registry) => {
    new TrafficMetrics(registry, nothing, () => ({ clients: 0, upgraded: 0, pages: 0 }));
    new Refusals(registry, undefined);
    new TcpMetrics(registry, nothing);
  },
  'Proxy: wakes and leases': (registry) => new GateMetrics(registry, nothing),
  Worker: (registry) => {
    new WorkerMetrics();
    tellImages(registry, undefined);
  },
  Control: () => new ControlMetrics(),
};

function labelOf(metric, label) {
  const values = VALUES[`${metric} ${label}`] ?? VALUES[label];
  if (values === undefined) throw new Error(`${metric}: say in this script what values ${label} has`);
  return `| \`${label}\` | ${values} |`;
}

function sectionOf(metric) {
  const { name, help, labelNames } = metric;
  const type = metric.constructor.name.toLowerCase();
  const lines = [`### ${name}`, '', `${type[0].toUpperCase()}${type.slice(1)}. ${help.replace(/\.?$/, '.')}`];
  if (labelNames.length > 0)
    lines.push('', '| label | values |', '| --- | --- |', ...labelNames.map((label) => labelOf(name, label)));
  if (metric instanceof Histogram) lines.push('', `Buckets: ${metric.upperBounds.join(', ')} s.`);
  return lines.join('\n');
}

const sections = Object.entries(parts).map(
  ([title, make]) => `## ${title}\n\n${registered(make).map(sectionOf).join('\n\n')}\n`,
);
const page = `${INTRODUCTION}\n${sections.join('\n')}`;
writeOrCheck(join(root, 'docs/metrics-reference.md'), page, 'scripts/docs-metrics.mjs');
