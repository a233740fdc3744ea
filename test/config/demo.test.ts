import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { root } from '../kit/scripts.js';

async function startDemo(context: TestContext) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const child = spawn(process.execPath, [join(root, 'examples/hello.js')], {
    env: { PORT: String(port), REVEILLE_GENERATION: '42' },
    stdio: 'ignore',
  });
  context.after(() => child.kill('SIGKILL'));
  const get = async (path: string, accept: string): Promise<Response> => {
    for (;;) {
      try {
        return await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept } });
      } catch (error) {
        if (child.exitCode !== null) throw error;
        await setTimeout(10);
      }
    }
  };
  return { child, get };
}

test('the demo says who it is and what it was asked for, as text and as HTML that nobody can write into', async (context) => {
  const { child, get } = await startDemo(context);
  const text = await (await get('/hello/a?b=1', '*/*')).text();
  assert.match(
    text,
    new RegExp(`asleep[^]*process: ${child.pid}\\ngeneration: 42\\n[^]*GET /hello/a\\?b=1\\n`),
  );
  const page = await get('/hello?<script>\'&"', 'text/html');
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  const html = await page.text();
  assert.ok(!html.includes('<script>') && html.includes('asleep'));
});

test('the demo ends on SIGTERM', async (context) => {
  const { child, get } = await startDemo(context);
  await (await get('/', '*/*')).text();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});
