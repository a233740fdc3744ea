import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { askForProblem } from '../kit/house-client.js';
import { instancePort } from '../kit/ports.js';
import { FakeCompute } from './fake/compute.js';

const APP = fileURLToPath(new URL('./app.js', import.meta.url));
const ZONE = 'us-central1-a';
const AFTER_MS = 2000;

interface Answer {
  address: string;
  host: string;
  path: string;
  hosts: string[];
}

const port = await instancePort();
const startup = (env = '') => `export PORT=${port} ${env}\nexec '${process.execPath}' '${APP}'`;

/** A house of machines on a fake of Compute Engine. @param resources what each differs in from the others. */
async function live(
  resources: Record<string, Record<string, unknown>>,
  body: (house: House, compute: FakeCompute) => Promise<void>,
): Promise<void> {
  const compute = await FakeCompute.open();
  const common = { project: 'some-project', zone: ZONE, api: compute.url, port, interval: '200ms' };
  const whole = Object.entries(resources).map(([name, { gce, ...rest }]) => {
    const settings = { ...common, startupScript: startup(), ...(gce as object) };
    return [name, { provider: 'gce', gce: settings, routes: [{ path: `/${name}` }], ...rest }];
  });
  try {
    const plan = { resources: Object.fromEntries(whole), top: { site: 'e2e' } };
    await House.live(plan, (house) => house.explained(() => body(house, compute)));
  } finally {
    await compute.close();
  }
}

async function ask(house: House, path: string): Promise<Answer> {
  const response = await fetch(house.url(path));
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as Answer;
}

test('machines of Compute Engine behind a proxy', needs('busybox'), async (t) => {
  const health = { path: '/plain/healthz', status: '200-299' };
  const resources = {
    plain: { health: { ...health, host: 'internal.example' }, hostHeader: 'internal.example' },
    ill: { health: { ...health, timeout: '2s' }, gce: { startupScript: startup('HEALTH=302') } },
    slow: { boot: { timeout: '2s' } },
    socket: { idle: { after: `${AFTER_MS}ms` } },
    taken: {},
  };
  await live(resources, async (house, compute) => {
    const { project } = compute;

    await t.test('VP10, VP11: health path, port and host name are those of the settings', async () => {
      const { path, host, hosts } = await ask(house, '/plain/some/path?and=query');
      assert.deepEqual([path, host], ['/plain/some/path?and=query', 'internal.example']);
      assert.deepEqual([...new Set(hosts)], ['internal.example']);
    });

    await t.test(
      'VP14, VPF1: until the health check says 2xx nothing is forwarded, and not for ever',
      async () => {
        const { status, body } = await askForProblem(house.url('/ill/'));
        assert.deepEqual([status, body.code], [503, 'HEALTH_TIMEOUT']);
        assert.match(body.detail, /status 302/);
      },
    );

    await t.test('VP15, VPF1: a machine that never starts ends the wake by the time for it', async () => {
      project.hang('slow');
      const { status, body } = await askForProblem(house.url('/slow/'));
      assert.deepEqual([status, body.code], [503, 'BOOT_FAILED']);
      await eventually('it is off', () => project.find(ZONE, 'slow').status === 'TERMINATED');
    });

    await t.test('VP21: an open socket lives on, however silent, past the idle time', async () => {
      const upgrading = request(house.url('/socket/'), {
        headers: { connection: 'Upgrade', upgrade: 'echo' },
        agent: false,
      });
      upgrading.end();
      const [, socket] = await once(upgrading, 'upgrade');
      const opened = performance.now();
      await eventually('the idle time has passed twice', () => performance.now() - opened > 2 * AFTER_MS);
      socket.write('still there?');
      assert.equal(String((await once(socket, 'data'))[0]), 'still there?');
      assert.equal(project.find(ZONE, 'socket').status, 'RUNNING');
      socket.destroy();
      await eventually('it is stopped', () => project.find(ZONE, 'socket').status === 'TERMINATED');
    });

    await t.test('VP22: an error of the machine’s is told by its name, and stands in the log', async () => {
      const { status, body } = await askForProblem(house.url('/plain/broken'), { method: 'POST' });
      assert.deepEqual([status, body.code], [502, 'UPSTREAM_FAILED']);
      const isLogged = (line: string) => line.includes('/plain/broken') && line.includes(body.detail);
      await eventually('it is in the log', () => house.proxy.output().split('\n').some(isLogged));
    });

    await t.test('VPF2: preempted while warm, nobody is sent to the lost address', async () => {
      const before = await ask(house, '/taken/');
      let isOff = () => {};
      const shutDown = new Promise<void>((resolve) => {
        isOff = resolve;
      });
      const preempting = project.preempt(project.find(ZONE, 'taken'), shutDown);
      const leases = async () => (await house.resources.status('taken'))?.leases;
      await eventually('leases are given up while it shuts down', async () => (await leases())?.length === 0);
      isOff();
      await preempting;
      // The cloud gives the address to somebody else.
      let strangers = 0;
      const stranger = createServer((socket) => {
        strangers++;
        socket.destroy();
      });
      stranger.listen(port, before.address);
      await once(stranger, 'listening');
      try {
        const after = await Promise.all([ask(house, '/taken/'), ask(house, '/taken/')]);
        for (const { address } of after) assert.notEqual(address, before.address);
        assert.equal(strangers, 0);
      } finally {
        stranger.close();
      }
    });
  });
});
