import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { eventually } from '../kit/conditions.js';
import { engine, needs } from '../kit/engines.js';
import { app, House } from '../kit/house.js';
import { namesIn, namesOf } from '../kit/metric-names.js';
import { freePorts } from '../kit/ports.js';

const FOLDER = fileURLToPath(new URL('../../../infra/observability', import.meta.url));
const DOCS = fileURLToPath(new URL('../../../docs/metrics-reference.md', import.meta.url));
const rules = join(FOLDER, 'alerts.yml');

async function get(url: string): Promise<string> {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return await answer.text();
}

/** Of one wake, by worker and proxy in the same answer: a part that is slow to answer is left out of one. */
const toldOf = [
  'reveille_boots_total{resource="app",outcome="done"} 1\n',
  'reveille_wakes_total{resource="app",outcome="ready"} 1\n',
  'reveille_wake_duration_seconds_count{resource="app"} 1\n',
  'reveille_workers 1\n',
];

/** All that Prometheus would read of a Reveille with every kind of door, in which something has happened. */
async function scraped(): Promise<{ control: string; worker: string }> {
  const [controlPort, workerPort, doorPort] = await freePorts(3);
  const top = {
    control: { listen: `127.0.0.1:${controlPort}` },
    worker: { metrics: `127.0.0.1:${workerPort}` },
  };
  const found = { control: '', worker: '' };
  await House.live(
    { resources: { app: app({}, { routes: [{ path: '/' }, { tcp: doorPort }] }) }, top },
    async (house) => {
      const control = await house.startControl();
      await fetch(house.url('/'));
      await eventually('the worker and the proxy tell of the wake', async () => {
        found.control = await get(`http://${control.readyWord}/metrics`);
        return toldOf.every((line) => found.control.includes(line));
      });
      found.worker = await get(`http://127.0.0.1:${workerPort}/metrics`);
    },
  );
  return found;
}

/** What promtool says of a text; empty where it is content. */
function complaints(text: string): string {
  const { status, stdout, stderr } = spawnSync(engine('promtool'), ['check', 'metrics'], { input: text });
  const said = `${stdout}${stderr}`.trim();
  return said === '' && status !== 0 ? `it ended with ${status}` : said;
}

test(
  'proxy, worker, control and the Temporal SDK tell metrics that Prometheus has nothing against, and every query of the dashboard and the alerts asks for one that exists',
  needs('promtool'),
  async () => {
    const { control, worker } = await scraped();
    assert.equal(complaints(control), '');
    // The SDK's own names are its own: of ours in the same answer nothing is wrong.
    assert.doesNotMatch(complaints(worker), /reveille_/);
    assert.match(worker, /^reveille_activities_in_flight\{activity="boot"\} 0$/m);

    const families = (text: string) => text.match(/\breveille_\w+/g) ?? [];
    const documented = new Set(families(readFileSync(DOCS, 'utf8')));
    const told = new Set([...control.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
    assert.deepEqual(
      [...documented].sort(),
      [...told].sort(),
      'docs/metrics-reference.md lists what there is',
    );

    const exist = new Set([...namesIn(control), ...namesIn(worker)]);
    const dashboard = readFileSync(join(FOLDER, 'grafana-dashboard.json'), 'utf8');
    const asked = new Set([...namesOf(dashboard), ...namesOf(readFileSync(rules, 'utf8'))]);
    assert.ok(asked.size > 20, `${asked.size} names`);
    assert.deepEqual(
      [...asked].filter((name) => !exist.has(name)),
      [],
      `there are ${[...exist].sort().join(' ')}`,
    );
  },
);

test('the alert rules are valid and fire when they should', needs('promtool'), () => {
  execFileSync(engine('promtool'), ['check', 'rules', rules]);
  execFileSync(engine('promtool'), ['check', 'config', join(FOLDER, 'prometheus.yml')]);
  execFileSync(engine('promtool'), ['test', 'rules', join(FOLDER, 'alerts-test.yml')]);
});

test('the dashboard is one that Grafana reads: panels of their own ids, each query with a name', () => {
  const { panels, templating } = parse(readFileSync(join(FOLDER, 'grafana-dashboard.json'), 'utf8'));
  const ids = panels.map(({ id }: { id: number }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const { type, targets = [] } of panels) {
    assert.match(type, /^(row|timeseries)$/);
    const letters = targets.map(({ refId }: { refId: string }) => refId);
    assert.equal(new Set(letters).size, letters.length);
  }
  const variables = templating.list.map(({ name }: { name: string }) => name);
  assert.deepEqual(variables, ['datasource', 'resource']);
});
