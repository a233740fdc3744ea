import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { BUSYBOX } from '../kit/docker-host.js';
import { House } from '../kit/house.js';
import { WholeHouse } from '../kit/house-up.js';

const SERVE =
  'trap "exit 0" TERM; /bin/busybox mkdir -p /tmp/www; echo $0 > /tmp/www/index.html; httpd -f -p 8080 -h /tmp/www & wait';

describe('what the engine tells', needsDocker(), () => {
  let engine: DockerEngine;
  before(async () => {
    engine = await DockerEngine.start();
    await engine.importBusybox(BUSYBOX);
  });
  after(() => engine.close());

  async function create(name: string, labels: Record<string, string>): Promise<string> {
    const { id } = await engine.docker.createContainer({
      name,
      Image: BUSYBOX,
      Cmd: ['/bin/sh', '-c', SERVE, name],
      Labels: labels,
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: { PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    });
    return id;
  }
  const state = async (id: string) => (await engine.docker.getContainer(id).inspect()).State.Status;
  const read = async (url: string) => {
    const response = await fetch(url);
    return response.ok ? (await response.text()).trim() : undefined;
  };

  test('a container that dies while nobody asks is followed by another at once', () => {
    const docker = {
      image: BUSYBOX,
      engine: engine.address,
      command: ['/bin/sh', '-c', SERVE, 'web'],
      port: 8080,
    };
    const web = {
      provider: 'docker',
      docker,
      health: { path: '/' },
      idle: { after: '10m' },
      routes: [{ path: '/' }],
    };
    // Nothing but the engine's word tells in this time.
    return House.live({ resources: { web }, top: { reconcile: '1h' } }, async (house) => {
      assert.equal(await read(house.url('/')), 'web');
      const before = await house.resources.status('web');
      const id = before?.instance?.id ?? '';
      await engine.docker.getContainer(id).kill();
      await eventually('it is ready again', async () => {
        const now = await house.resources.status('web');
        return now?.phase === 'ready' && now.generation > (before?.generation ?? 0);
      });
      assert.equal(await read(house.url('/')), 'web');
    });
  });

  test('labels on containers define resources without a file, as they come and go; no other container is touched', async () => {
    const plain = await create('plain', { 'reveille.route': '/plain' });
    const first = await create('first', {
      'reveille.enable': 'true',
      'reveille.route': '/first',
      'reveille.idle': '1s',
      'reveille.health': '/',
    });
    const top = { discover: { docker: engine.address } };
    await WholeHouse.live({ resources: {}, top }, async (house) => {
      const strip = (name: string) => house.url(`/${name}`);
      await eventually('the first has its route', () => knows(strip('first')));
      assert.equal(await state(first), 'running');
      await house.untilAsleep('first');
      assert.equal(await state(first), 'exited');

      const second = await create('second', {
        'reveille.enable': 'true',
        'reveille.name': 'other',
        'reveille.route': '/second',
        'reveille.health': '/',
      });
      await eventually('the second has its route', () => knows(strip('second')));
      assert.equal((await house.resources.status('other'))?.phase, 'ready');
      await engine.docker.getContainer(second).remove({ force: true });
      await eventually('its route is gone', async () => (await fetch(strip('second'))).status === 404);

      assert.equal((await fetch(strip('plain'))).status, 404);
      assert.equal(await state(plain), 'created');
    });
  });

  /** httpd has no such page and says so: it was asked. */
  async function knows(url: string): Promise<boolean> {
    const response = await fetch(url);
    const text = await response.text();
    return response.status === 404 && !text.includes('urn:reveille');
  }
});
