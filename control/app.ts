import express, { type Express, type RequestHandler } from 'express';
import { type Config, type Logger, reveilleVersion, stateDir } from '../config/index.js';
import { resourcesApi } from './api.js';
import { audit } from './audit.js';
import { noteAddress } from './caller.js';
import { EVENTS_PATH, type ResourceSummary, SESSION_PATH, TIMELINE_PATH } from './contract.js';
import { type CostBook, withCosts } from './cost.js';
import { DASHBOARD_PATH, dashboardFiles, dashboardPage, signInPage } from './dashboard.js';
import { Feed } from './feed.js';
import { guard } from './guard.js';
import { readiness } from './health.js';
import { imagesApi } from './images.js';
import { queries, read } from './inputs.js';
import type { ControlMetrics } from './metrics.js';
import { openapiDocument } from './openapi/document.js';
import { PAGE_POLICY, renderPage } from './page.js';
import { askParts } from './parts.js';
import { asReveilleError, type Plane } from './plane.js';
import { allowed, notFound, problemHandler } from './problems.js';
import { listResources, summary } from './resources.js';
import { sessionApi } from './session.js';
import type { Settings } from './settings.js';
import { Statuses } from './statuses.js';
import { timelineOf } from './timeline.js';
import { Tokens } from './tokens.js';

const DOCUMENT = openapiDocument(reveilleVersion());

export interface AppParts {
  /** Asked for each request: a reload changes them. */
  settings: () => Settings;
  plane: Plane;
  costs: CostBook;
  metrics: ControlMetrics;
  log: Logger;
  secret: string;
  /** Has all parts read the configuration again. */
  reload: () => void;
}

/** The control address as an express application. */
export function createApp(parts: AppParts): Express {
  const { settings, plane, costs, metrics, log } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(securityHeaders, metrics.count);
  // Before the guard: those who watch over processes come by address, without token. Nothing is told to them
  // that they could not see from outside.
  app.get('/healthz', (_req, res) => {
    res.type('text/plain').send('ok\n');
  });
  app.get('/readyz', async (_req, res) => {
    const state = await readiness(settings().config, plane, parts.secret);
    res.status(state.ready ? 200 : 503).json(state);
  });
  app.use(DASHBOARD_PATH, dashboardFiles);
  app.use((req, _res, next) => {
    noteAddress(req, settings().access.isTrusted);
    next();
  });
  app.use(audit(log));
  const tokens = new Tokens(() => settings().config.control.wrongTokens, log);
  const access = () => settings().access;
  const lasts = () => settings().config.control.events.lasts;
  app.use(guard({ access, lasts, tokens, secret: parts.secret, open: [SESSION_PATH] }));
  app.use(signInPage);
  app.use(allowed);
  app.use(sessionApi({ access, config: () => settings().config, tokens, secret: parts.secret }));
  const statuses = new Statuses(plane);
  app.get('/metrics', metricsRoute(parts, statuses));
  app.get('/', dashboardPage);
  app.get('/plain', pageRoute(parts, statuses));
  app.get('/api/v1/openapi.json', (_req, res) => {
    res.json(DOCUMENT);
  });
  const feed = new Feed(() => settings().config, plane, costs, statuses);
  app.get(EVENTS_PATH, (req, res) => {
    read(queries.none, req.query, 'query');
    feed.tell(res);
  });
  app.get(TIMELINE_PATH, async (req, res) => {
    const { hours } = read(queries.timeline, req.query, 'query');
    res.json(await timelineOf(settings().config, costs, hours));
  });
  app.use(resourcesApi(() => settings().config, { plane, costs, statuses, reload: parts.reload }));
  app.use(imagesApi(() => settings().config, plane, parts.secret));
  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

const securityHeaders: RequestHandler = (_req, res, next) => {
  res.set({
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  next();
};

function metricsRoute(
  { settings, plane, costs, metrics, secret }: AppParts,
  statuses: Statuses,
): RequestHandler {
  return async (_req, res) => {
    const { config } = settings();
    const folder = stateDir(config);
    const [resources, proxies, workers] = await Promise.all([
      listResources(config, plane, statuses)
        .then((lines) => withNamedCosts(config, costs, lines))
        .catch(() => undefined),
      askParts('proxy', folder, secret),
      askParts('worker', folder, secret),
    ]);
    res.type(metrics.contentType).send(await metrics.render(resources, proxies, workers));
  };
}

/** Members of pools are told as their pool: they may be any number. */
async function withNamedCosts(
  config: Config,
  costs: CostBook,
  lines: readonly ResourceSummary[],
): Promise<ResourceSummary[]> {
  const isNamed = ({ name }: ResourceSummary) =>
    Object.hasOwn(config.resources, name) || Object.hasOwn(config.pools, name);
  const named = await withCosts(config, costs, lines.filter(isNamed));
  return [...named, ...lines.filter((line) => !isNamed(line))];
}

/** For browsers without scripts. The page is there when Temporal is not: it says so. */
function pageRoute({ settings, plane }: AppParts, statuses: Statuses): RequestHandler {
  return async (_req, res) => {
    const { config } = settings();
    const now = Date.now();
    res.type('html').set('content-security-policy', PAGE_POLICY);
    try {
      res.send(renderPage({ now, resources: await listResources(config, plane, statuses) }));
    } catch (error) {
      const trouble = asReveilleError(error);
      const resources = Object.keys(config.resources).map((name) => summary(config, name, { trouble }));
      res.send(renderPage({ now, resources, trouble }));
    }
  };
}
