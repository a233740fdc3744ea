import assert from 'node:assert/strict';
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HeldSocket } from '../../cli/up/held-socket.js';

test('who connects while nobody accepts waits, and is served by the next who does', async (context) => {
  const held = await HeldSocket.listen('127.0.0.1', 0);
  context.after(() => held.close());
  const port = Number(held.address.split(':')[1]);
  const client = net.connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => client.once('connect', resolve).once('error', reject));
  const code = `require('node:net').createServer((s) => s.end('served', () => process.exit())).listen({ fd: 3 })`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'inherit', 'inherit', held.fd] });
  context.after(() => child.kill('SIGKILL'));
  const chunks = await client.toArray();
  assert.equal(Buffer.concat(chunks).toString(), 'served');
});

/** More than the 511 places of Node's default, all at once; resolves when each has found one. */
async function comeInDroves(context: TestContext, { address }: HeldSocket): Promise<void> {
  const port = Number(address.split(':')[1]);
  const clients = Array.from({ length: 700 }, () => net.connect(port, '127.0.0.1'));
  context.after(() => {
    for (const client of clients) client.destroy();
  });
  await Promise.all(clients.map((client) => once(client, 'connect')));
}

test('more than 511 may wait while nobody accepts', async (context) => {
  const held = await HeldSocket.listen('127.0.0.1', 0);
  context.after(() => held.close());
  await comeInDroves(context, held);
});

test('more than 511 may wait also after a proxy that had the socket has died', async (context) => {
  const held = await HeldSocket.listen('127.0.0.1', 0);
  context.after(() => held.close());
  const script = fileURLToPath(new URL('../kit/front-door-child.js', import.meta.url));
  const child = fork(script, { stdio: ['ignore', 'inherit', 'inherit', held.fd, 'ipc'] });
  context.after(() => child.kill('SIGKILL'));
  await once(child, 'message');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await comeInDroves(context, held);
});

test('a closed socket refuses', async () => {
  const held = await HeldSocket.listen('127.0.0.1', 0);
  held.close();
  const client = net.connect(Number(held.address.split(':')[1]), '127.0.0.1');
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => client.once('error', resolve));
  assert.equal(error.code, 'ECONNREFUSED');
});

test('an address in use is an error with the code of bind(2)', async (context) => {
  const held = await HeldSocket.listen('127.0.0.1', 0);
  context.after(() => held.close());
  const port = Number(held.address.split(':')[1]);
  await assert.rejects(HeldSocket.listen('127.0.0.1', port), { code: 'EADDRINUSE' });
});
