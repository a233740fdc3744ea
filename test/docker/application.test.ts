import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../config/index.js';
import { eventually } from '../kit/conditions.js';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { House } from '../kit/house.js';
import { askForProblem } from '../kit/house-client.js';
import { root } from '../kit/scripts.js';

/** The example of docs/providers.md, as it stands there. */
function documented() {
  const page = readFileSync(join(root, 'docs/providers.md'), 'utf8');
  const [, example = ''] = /## `docker`[\s\S]*?```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  parseConfig(example, 'docs/providers.md');
  return parse(example).resources.notes as { docker: { image: string; mounts: string[] } };
}

/** A server of notes on Express, which keeps them in a volume. */
const SERVER = `
import { appendFileSync, readFileSync } from 'node:fs';
import express from 'express';
const file = '/data/notes';
appendFileSync(file, '');
const app = express();
app.use(express.text());
app.post('/notes', (request, response) => {
  appendFileSync(file, request.body + '\\n');
  response.sendStatus(201);
});
app.get('/notes', (request, response) => response.type('text').send(readFileSync(file)));
app.get('/healthz', (request, response) => response.sendStatus(204));
const server = app.listen(8080, () => console.log('serving notes'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

describe('a server application in a container', needsDocker(), () => {
  let engine: DockerEngine;
  before(async () => {
    engine = await DockerEngine.start();
    await engine.importNode(documented().docker.image, { 'server.mjs': SERVER });
  });
  after(() => engine.close());

  test('sleeps when nobody uses it, and wakes by HTTP with what it had kept', () => {
    const { docker, ...rest } = documented();
    const mounts = [`${root}/node_modules:/node_modules:ro`, ...docker.mounts];
    const notes = { ...rest, docker: { ...docker, engine: engine.address, mounts } };
    return House.live({ resources: { notes } }, async (house) => {
      const headers = { 'Content-Type': 'text/plain' };
      for (const body of ['first', 'second']) {
        const response = await fetch(house.url('/notes'), { method: 'POST', headers, body });
        assert.equal(response.status, 201);
        await response.body?.cancel();
        await house.untilAsleep('notes');
        assert.deepEqual(await engine.docker.listContainers(), [], 'nothing runs while it sleeps');
      }
      const response = await fetch(house.url('/notes'));
      assert.equal(await response.text(), 'first\nsecond\n');
      assert.match(response.headers.get('server-timing') ?? '', /boot/);
    });
  });

  test('one that ends while it boots is told with its last words, and leaves no container behind', () => {
    const { docker, ...rest } = documented();
    const command = ['/bin/node', '-e', 'console.error("there is no database"); process.exit(4)'];
    const broken = { ...rest, docker: { ...docker, engine: engine.address, command } };
    return House.live({ resources: { broken } }, async (house) => {
      const { status, body } = await askForProblem(house.url('/notes'));
      assert.deepEqual([status, body.code], [503, 'INSTANCE_DIED']);
      assert.match(body.log ?? '', /there is no database/);
      const mine = { all: true, filters: { label: ['reveille.resource=broken'] } };
      await eventually('it is removed', async () => (await engine.docker.listContainers(mine)).length === 0);
      const failure = (await house.resources.status('broken'))?.failure;
      assert.match(failure?.log ?? '', /there is no database/);
    });
  });
});
