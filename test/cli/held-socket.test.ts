import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import { test } from 'node:test';
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
