import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { BUSYBOX, DockerHost } from '../kit/docker-host.js';
import { needs, engine as program } from '../kit/engines.js';

const LASTS = 'trap "exit 0" TERM; while :; do sleep 0.05; done';

describe('containers that exist already', needsDocker(), () => {
  let engine: DockerEngine;
  const hosts: DockerHost[] = [];
  before(async () => {
    engine = await DockerEngine.start();
    await engine.importBusybox(BUSYBOX);
  });
  after(async () => {
    for (const one of hosts) one.close();
    await engine.close();
  });

  function host(resources: ConstructorParameters<typeof DockerHost>[1]): DockerHost {
    const made = new DockerHost(engine, resources);
    hosts.push(made);
    return made;
  }
  async function create(name: string, labels: Record<string, string> = {}): Promise<string> {
    const { id } = await engine.docker.createContainer({
      name,
      Image: BUSYBOX,
      Cmd: ['/bin/sh', '-c', LASTS],
      Labels: labels,
      ExposedPorts: { '80/tcp': {} },
      HostConfig: { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    });
    return id;
  }
  const state = async (id: string) => (await engine.docker.getContainer(id).inspect()).State.Status;
  const startedAt = async (id: string) =>
    Date.parse((await engine.docker.getContainer(id).inspect()).State.StartedAt);

  test('one that is named is started, suspended, resumed and stopped, and never removed', async () => {
    const id = await create('named');
    const here = host({ one: { container: 'named', port: 80 } });
    const { instance, adopted } = await here.boot('one', 1000);
    assert.deepEqual([instance.id, adopted, await state(id)], [id, false, 'running']);
    assert.deepEqual(await here.listed(), ['one running']);
    await here.stop('one', 1000, 'suspend');
    assert.equal(await state(id), 'paused');
    assert.equal((await here.boot('one', 2000)).adopted, false);
    assert.equal(await state(id), 'running');
    await here.stop('one', 2000, 'delete');
    assert.equal(await state(id), 'exited');
    assert.deepEqual(await here.listed(), []);
  });

  test('one that runs already is taken over as it is', async () => {
    const id = await create('running');
    await engine.docker.getContainer(id).start();
    const before = await startedAt(id);
    const here = host({ one: { container: 'running', port: 80 } });
    assert.equal((await here.boot('one', 1000)).adopted, true);
    assert.equal((await here.boot('one', 1000)).adopted, true, 'and again, as the first answer may be lost');
    assert.equal(await startedAt(id), before);
    await here.stop('one', 1000);
  });

  test('a late stop of an older generation leaves it alone', async () => {
    const id = await create('late');
    const here = host({ one: { container: 'late', port: 80 } });
    await here.boot('one', 1000);
    await here.stop('one', 1000);
    await here.boot('one', 2000);
    await here.stop('one', 1000);
    assert.equal(await state(id), 'running');
    await assert.rejects(here.boot('one', 1000), { code: 'STALE_GENERATION', younger: 2000 });
    await here.stop('one', 2000);
  });

  test('one is found by its label; of two that have it, none is touched', async () => {
    const id = await create('labelled', { app: 'found' });
    const here = host({ one: { label: 'app=found', port: 80 } });
    await here.boot('one', 1000);
    assert.equal(await state(id), 'running');
    await here.stop('one', 1000);
    const other = await create('labelled-too', { app: 'found' });
    await assert.rejects(here.boot('one', 2000), {
      code: 'BOOT_FAILED',
      message: /more than one container has the label app=found/,
    });
    assert.deepEqual([await state(id), await state(other)], ['exited', 'created']);
  });

  test('one that does not exist is told', async () => {
    const here = host({ one: { container: 'absent', port: 80 } });
    await assert.rejects(here.boot('one', 1000), {
      code: 'BOOT_FAILED',
      message: /does not have the container absent/,
    });
  });

  test('a compose project is one resource: all start in order, all stop, and no other is touched', async () => {
    const labels = (project: string, service: string, needs = '') => ({
      'com.docker.compose.project': project,
      'com.docker.compose.service': service,
      'com.docker.compose.depends_on': needs,
    });
    const web = await create('p-web', labels('p', 'web', 'api:service_started:false'));
    const api = await create('p-api', labels('p', 'api', 'db:service_started:false'));
    const db = await create('p-db', labels('p', 'db'));
    const other = await create('q-web', labels('q', 'web'));
    const here = host({ one: { compose: 'p', service: 'web', port: 80 } });
    const { instance } = await here.boot('one', 1000);
    assert.equal(instance.id, web);
    const [first = 0, second = 0, third = 0] = await Promise.all([db, api, web].map(startedAt));
    assert.ok(first < second && second < third, `${first} ${second} ${third}`);
    await here.stop('one', 1000);
    assert.deepEqual(await Promise.all([web, api, db, other].map(state)), [
      'exited',
      'exited',
      'exited',
      'created',
    ]);
  });

  test(
    'a project that docker-compose has created sleeps, wakes and answers',
    needs('docker-compose'),
    async () => {
      const here = host({ shop: { compose: 'shop', service: 'web', port: 80 } });
      const file = join(here.folder, 'compose.yaml');
      const page = 'echo the shop > /tmp/index.html; exec /bin/busybox httpd -f -p 80 -h /tmp';
      const service = { image: BUSYBOX, network_mode: 'bridge' };
      const services = {
        web: { ...service, command: ['/bin/sh', '-c', page], ports: ['127.0.0.1::80'], depends_on: ['db'] },
        db: { ...service, command: ['/bin/sh', '-c', LASTS] },
      };
      writeFileSync(file, JSON.stringify({ version: '3', services }));
      const words = ['--project-name', 'shop', '--file', file, 'up', '--no-start'];
      const env = { ...process.env, DOCKER_HOST: engine.address };
      execFileSync(program('docker-compose'), words, { env, stdio: 'pipe' });
      const states = async () => {
        const filters = { label: ['com.docker.compose.project=shop'] };
        return (await engine.docker.listContainers({ all: true, filters })).map(({ State }) => State).sort();
      };
      assert.deepEqual(await states(), ['created', 'created']);
      const { instance } = await here.boot('shop', 1000);
      const answer = await eventually('it answers', async () => {
        return await (await fetch(`http://${instance.endpoint.host}:${instance.endpoint.port}/`)).text();
      });
      assert.equal(answer, 'the shop\n');
      assert.deepEqual(await states(), ['running', 'running']);
      await here.stop('shop', 1000);
      assert.deepEqual(await states(), ['exited', 'exited']);
    },
  );
});
