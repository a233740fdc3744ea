import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { checkPorts } from '../../cli/up/ports.js';
import { site, startFake } from '../kit/up.js';

async function occupy(context: TestContext, port: number): Promise<number> {
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('every port that is in use is named, with what it is for and who has it', async (context) => {
  const [one, two] = [await occupy(context, 0), await occupy(context, 0)];
  const uses = [
    { host: '127.0.0.1', port: one, what: 'the control address', key: 'control.listen' },
    { host: '127.0.0.1', port: two, what: 'Temporal', key: 'temporal.embedded.port' },
  ];
  await assert.rejects(checkPorts(uses), (error: Error & { code: string; remedy: string }) => {
    assert.equal(error.code, 'PORT_IN_USE');
    assert.match(
      error.message,
      new RegExp(`:${one} \\(the control address, control.listen\\) is in use by process ${process.pid} `),
    );
    assert.match(error.message, new RegExp(`:${two} \\(Temporal, temporal.embedded.port\\) is in use`));
    assert.match(error.remedy, /End the program/);
    return true;
  });
});

test('up does not start where the port of the proxy is taken', async (context) => {
  const place = await site(context);
  await occupy(context, place.proxy);
  const { code, stderr } = await startFake(context, place).ended;
  assert.equal(code, 1);
  assert.match(
    stderr,
    new RegExp(`PORT_IN_USE: .*:${place.proxy} \\(the proxy, proxy.listen\\) is in use by process`),
  );
});
