/** Short messages over WebSockets, echoed one by one. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { freePort } from '../../test/kit/ports.js';
import { accepting, startChild } from '../child.js';
import type { BenchContext } from '../contract.js';
import { startStack } from '../stack.js';
import { LOAD_CORE, PROXY_CORE } from '../warm/contestants.js';
import { nginxCommand } from '../warm/nginx.js';
import { peers } from '../warm/peers.js';
import { compare, type Front, type Part } from './contest.js';

const SECONDS = 1;
const CONNECTIONS = 16;
const MESSAGE = 'a message of some sixty bytes, as chats and notebooks send them';

export async function websocket(context: BenchContext, rounds: number): Promise<Part> {
  const echoPort = await freePort();
  const fronts = [await startReveille(context, echoPort), ...(await startPeers(context, echoPort))];
  return compare(context, { what: 'WebSocket', unit: 'message', fronts, rounds }, load);
}

/** The echo is Reveille's own instance, which the peers use, too. */
async function startReveille(context: BenchContext, port: number): Promise<Front> {
  const script = new URL('echo.js', import.meta.url).pathname;
  const echo = {
    provider: 'process',
    process: { command: ['taskset', '-c', String(LOAD_CORE), process.execPath, script, 'echo'] },
    endpoint: { port },
    idle: { after: '6h' },
    routes: [{ path: '/' }],
  };
  const stack = await startStack(context, { resources: { echo }, proxyCore: PROXY_CORE });
  context.defer(() => stack.stopResource('echo'));
  await exchange(stack.proxyPort, 1);
  return { name: 'Reveille', port: stack.proxyPort, proxy: stack.proxy };
}

async function startPeers(context: BenchContext, origin: number): Promise<Front[]> {
  const fronts: Front[] = [];
  const known = peers.filter(({ name }) => ['nginx', 'haproxy', 'caddy'].includes(name));
  for (const { name, command } of known) {
    const port = await freePort();
    const usual = command(context.folder, port, origin);
    if (usual === undefined) continue;
    const line = name === 'nginx' ? upgrading(context.folder, port, origin) : usual;
    const proxy = startChild(context, line, { name: `${name}-websocket`, core: PROXY_CORE });
    await accepting(port, proxy, name);
    fronts.push({ name, port, proxy });
  }
  return fronts;
}

/** nginx passes an upgrade on where it is told to. */
function upgrading(folder: string, port: number, origin: number): string[] {
  return nginxCommand(
    folder,
    'websocket',
    `server { listen 127.0.0.1:${port};
  location / {
    proxy_pass http://127.0.0.1:${origin}; proxy_http_version 1.1; proxy_read_timeout 1h;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_set_header Host $http_host;
  }
}`,
  );
}

async function load(port: number): Promise<number> {
  const until = performance.now() + SECONDS * 1000;
  const counts = Array.from({ length: CONNECTIONS }, () => exchange(port, Number.POSITIVE_INFINITY, until));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Sends a message for each that comes back. @throws where another comes back. */
async function exchange(port: number, most: number, until = Number.POSITIVE_INFINITY): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
  await once(socket, 'open');
  let count = 0;
  const over = once(socket, 'close');
  const failed = new Promise<never>((_, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      if (String(data) !== MESSAGE) reject(new Error(`a message came back as ${data}`));
      count++;
      if (count >= most || performance.now() >= until) socket.close();
      else socket.send(MESSAGE);
    });
  });
  socket.send(MESSAGE);
  await Promise.race([over, failed]);
  return count;
}
