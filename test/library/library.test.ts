import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import express from 'express';
import { WebSocket } from 'ws';
import { ReveilleError, type ReveilleOptions, reveille } from '../../proxy/middleware.js';
import { eventually } from '../kit/conditions.js';
import { hello } from '../kit/config-text.js';
import { app, House } from '../kit/house.js';
import { ask, askForProblem, send } from '../kit/house-client.js';
import { root, start, tempFolder } from '../kit/scripts.js';
import { quiet } from '../kit/stack.js';

/** Serves an express program until `body` is done. */
async function serving(program: express.Express, body: (url: string, server: Server) => Promise<void>) {
  const server = createServer(program).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const of = (house: House, resource: string, more: Partial<ReveilleOptions> = {}) =>
  reveille({ resource, config: house.file, log: quiet, ...more });

test('VP23: app.use(path, reveille()) wakes, forwards, and can start, stop, delete and look', () =>
  House.live({ resources: { vm: app({}, { routes: [] }) } }, async (house) => {
    const vm = of(house, 'vm');
    const program = express().use('/vm', vm);
    await serving(program, async (url, server) => {
      assert.deepEqual([await vm.isRunning(), await vm.address()], [false, undefined]);
      assert.equal(house.journal('start').length, 0);

      const first = await ask(`${url}/vm/a%2Fb?q`);
      assert.deepEqual([first.resource, first.url], ['vm', '/vm/a%2Fb?q']);
      assert.equal(await vm.isRunning(), true);
      const direct = await ask(`http://${await vm.address()}/x`);
      assert.equal(direct.pid, first.pid);

      server.on('upgrade', (request, socket, head) => vm.upgrade(request, socket, head));
      const socket = new WebSocket(`${url.replace('http', 'ws')}/vm/socket`);
      await once(socket, 'open');
      socket.send('hello');
      assert.equal(String((await once(socket, 'message'))[0]), 'echo hello');
      socket.close();

      // An upgrade that is served as if there were none goes back to the program's own server.
      const h2c = { Upgrade: 'h2c', Connection: 'Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABk' };
      assert.equal((await send(`${url}/vm/x`, { headers: h2c })).statusCode, 200);

      await vm.stop();
      assert.deepEqual([await vm.isRunning(), await vm.address()], [false, undefined]);
      await house.journaled('end');
      await vm.stop();

      const address = await vm.start();
      assert.equal(address, await vm.address());
      assert.ok((await ask(`${url}/vm`)).generation > first.generation);
      await vm.delete();
      assert.equal(await vm.isRunning(), false);
      assert.equal(house.journal('start').length, 2);
    });
    await vm.close();
  }));

test('VP18, VP19: several resources on path prefixes of one program, with start and stop handlers', () =>
  House.live({ resources: { one: app({}, { routes: [] }), two: app({}, { routes: [] }) } }, async (house) => {
    const one = of(house, 'one', { path: '/one' });
    const two = of(house, 'two', { path: '/two', strip: true });
    const program = express()
      .use(one, two)
      .get('/own', (_request, response) => response.send('mine'))
      .get('/_ah/start', one.startHandler)
      .get('/_ah/stop', one.stopHandler);
    await serving(program, async (url) => {
      assert.equal(await (await fetch(`${url}/own`)).text(), 'mine');
      assert.equal((await fetch(`${url}/_ah/start`)).status, 204);
      assert.deepEqual([await one.isRunning(), await two.isRunning()], [true, false]);
      assert.equal((await ask(`${url}/one/x`)).url, '/one/x');
      const second = await ask(`${url}/two/x?y`);
      assert.deepEqual([second.resource, second.url], ['two', '/x?y']);
      assert.equal((await fetch(`${url}/_ah/stop`)).status, 204);
      assert.deepEqual([await one.isRunning(), await two.isRunning()], [false, true]);
    });
    await Promise.all([one.close(), two.close()]);
  }));

test('the rules of the resource hold, and neither routes nor logs of the proxy are shown', () =>
  House.live(
    {
      top: { proxy: { listen: '127.0.0.1:0', identity: { headers: { trusted: ['127.0.0.1'] } } } },
      resources: {
        vm: app({}, { access: { users: ['alice'] } }),
        ill: app({ LIVE_WHEN: 'never' }, { routes: [{ path: '/ill' }] }),
      },
    },
    async (house) => {
      const vm = of(house, 'vm');
      const ill = of(house, 'ill', { path: '/ill' });
      await serving(express().use(ill, vm), async (url) => {
        assert.equal((await askForProblem(`${url}/x`)).body.code, 'IDENTITY_REQUIRED');
        assert.equal((await ask(`${url}/x`, { headers: { 'X-Forwarded-User': 'alice' } })).resource, 'vm');
        const failed = await askForProblem(`${url}/ill`);
        assert.deepEqual([failed.status, failed.body.log], [503, undefined]);
        await assert.rejects(ill.start(), (error) => error instanceof ReveilleError && error.status === 503);
      });
      await Promise.all([vm.close(), ill.close()]);
    },
  ));

test('a body that was read before is told as a mistake of the program; close waits for requests under way', () =>
  House.live({ resources: { vm: app({}, { routes: [] }) } }, async (house) => {
    const vm = of(house, 'vm');
    const program = express().use('/parsed', express.json(), vm).use(vm);
    await serving(program, async (url) => {
      const post = { method: 'POST', body: '{"a":1}', headers: { 'Content-Type': 'application/json' } };
      const { status, body } = await askForProblem(`${url}/parsed`, post);
      assert.deepEqual([status, body.code], [500, 'INTERNAL']);
      assert.match(body.detail, /before express\.json/);
      assert.equal((await ask(`${url}/x`, post)).pid > 0, true);

      const stream = await fetch(`${url}/bytes?size=100000000`);
      const closing = vm.close();
      const bytes = (await stream.arrayBuffer()).byteLength;
      await closing;
      assert.equal(bytes, 100_000_000);
      assert.equal((await askForProblem(`${url}/x`)).status, 503);
    });
  }));

test('the example in examples/express runs', (t) =>
  House.live({ resources: { hello: app({}, { routes: [] }) } }, async (house) => {
    const script = join(root, 'examples/express/server.js');
    const env = { ...process.env, PORT: '0' };
    const running = start(t, process.execPath, [script, house.file], { env, cwd: root });
    const url = await eventually('it listens', () => /listening on (\S+)/.exec(running.output())?.[1]);
    assert.match(await (await fetch(url)).text(), /never sleeps/);
    assert.deepEqual(await (await fetch(`${url}/status`)).json(), { running: false });
    assert.equal((await ask(`${url}/hello/x`)).url, '/hello/x');
    assert.equal((await fetch(`${url}/_ah/stop`, { method: 'POST' })).status, 204);
    running.child.kill('SIGTERM');
    assert.equal((await running.ended).code, 0);
  }));

test('a name that is not in the configuration, or a path that is none, is told at once', (t) => {
  const config = join(tempFolder(t), 'reveille.yaml');
  writeFileSync(config, `resources:\n${hello}`);
  const code = (is: string) => (error: unknown) => error instanceof ReveilleError && error.code === is;
  assert.throws(() => reveille({ config, resource: 'nobody' }), code('RESOURCE_UNKNOWN'));
  assert.throws(() => reveille({ config, resource: 'hello', path: 'x' }), code('USAGE'));
  assert.throws(() => reveille({ config: `${config}.not`, resource: 'hello' }), code('CONFIG_NOT_FOUND'));
});
