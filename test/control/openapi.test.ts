import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Identities } from '../../access/identity.js';
import { createApp } from '../../control/app.js';
import { CostBook } from '../../control/cost.js';
import { IMAGES_PATH } from '../../control/images-contract.js';
import { ControlMetrics } from '../../control/metrics.js';
import { operations } from '../../control/openapi/operations.js';
import { settingsOf } from '../../control/settings.js';
import {
  codeOf,
  configOf,
  FakePlane,
  HELLO,
  raw,
  readyState,
  SECRET,
  startTestControl,
} from '../kit/control.js';
import { silentLog } from '../kit/silent-log.js';

test('the control address serves its OpenAPI document, which refers to nothing that it lacks', async (t) => {
  const { url } = await startTestControl(t);
  const { text, headers } = await raw(`${url}/api/v1/openapi.json`);
  const document = JSON.parse(text) as { openapi: string; paths: object; components: { schemas: object } };
  assert.equal(document.openapi, '3.1.0');
  assert.match(String(headers['content-type']), /^application\/json/);
  const schemas = Object.keys(document.components.schemas);
  const referred = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  assert.ok(referred.length > 10);
  assert.deepEqual(
    referred.filter((name) => !schemas.includes(String(name))),
    [],
  );
  assert.deepEqual(
    [...text.matchAll(/"\$ref":"([^"]+)"/g)].filter(([, target]) => !target?.startsWith('#/components/')),
    [],
  );
});

test('the document has every route that the control address has', async (t) => {
  const app = createApp({
    settings: () => settingsOf(configOf(t, HELLO), new Identities(silentLog)),
    plane: new FakePlane(),
    costs: new CostBook(new FakePlane()),
    metrics: new ControlMetrics(),
    log: silentLog,
    secret: SECRET,
    reload: () => {},
  });
  const known = operations.map(({ method, path }) => `${method} ${path}`);
  const routes = routesOf(app.router.stack);
  assert.ok(routes.length >= known.length);
  assert.deepEqual(
    routes.filter((route) => !known.includes(route)),
    [],
  );
});

interface Layer {
  route?: { path: string; stack: { method: string }[] } | undefined;
  handle?: unknown;
}

function routesOf(stack: readonly Layer[]): string[] {
  return stack.flatMap(({ route, handle }) => {
    if (route) return route.stack.map(({ method }) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`);
    return typeof handle === 'function' && 'stack' in handle ? routesOf(handle.stack as Layer[]) : [];
  });
}

/** Without which it does nothing. */
const QUERIES: Record<string, string> = { deleteResource: '?confirm=yes' };

// The feed never ends: its own test reads it.
const ending = operations.filter(({ id }) => id !== 'events');
for (const { id, method, path, needsBody, answers } of ending) {
  test(`${id}: there is a handler for ${method.toUpperCase()} ${path}, and its answer is as described`, async (t) => {
    const { url, plane } = await startTestControl(t);
    plane.awake.set('hello', readyState('hello', { retryAt: 1, ahead: 2 }));
    const answer = await raw(url + path.replace(/\{\w+\}/, 'hello') + (QUERIES[id] ?? ''), {
      method: method.toUpperCase(),
    });
    if (needsBody) return assert.equal(codeOf(answer), 'USAGE');
    // The fake has no images: theirs are held against the document by schemathesis.
    if (path.startsWith(IMAGES_PATH)) return assert.match(String(codeOf(answer)), /^(INTERNAL|USAGE)$/);
    const described = answers[answer.status];
    assert.ok(described, `${answer.status}: ${answer.text}`);
    if (described.schema === undefined) {
      assert.ok(String(answer.headers['content-type']).startsWith(described.media ?? '?'));
    } else described.schema.parse(JSON.parse(answer.text));
  });
}

test('a method that a path does not know is answered 405 with those that it knows, before anything is done', async (t) => {
  const { url, plane } = await startTestControl(t);
  for (const [method, path, allow] of [
    ['PATCH', '/api/v1/resources', 'GET, HEAD'],
    ['POST', '/api/v1/resources/hello', 'GET, HEAD, PUT, DELETE'],
    ['GET', '/api/v1/resources/hello/wake', 'POST'],
    ['DELETE', '/healthz', 'GET, HEAD'],
  ] as const) {
    const answer = await raw(url + path, { method });
    assert.equal(answer.status, 405, path);
    assert.equal(codeOf(answer), 'METHOD_UNKNOWN');
    assert.equal(answer.headers.allow, allow);
  }
  assert.deepEqual(plane.asked, []);
});

test('OPTIONS tells the methods of just that path', async (t) => {
  const { url } = await startTestControl(t);
  for (const [path, allow] of [
    ['/api/v1/images/collect', 'POST'],
    ['/api/v1/images/other', 'GET, HEAD, DELETE'],
  ] as const) {
    const answer = await raw(url + path, { method: 'OPTIONS' });
    assert.deepEqual([answer.status, answer.headers.allow], [204, allow]);
  }
});
