/** Bytes through a TCP route, beside haproxy. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findEngine } from '#scripts/engines.mjs';
import { freePort } from '../../test/kit/ports.js';
import { accepting, startChild } from '../child.js';
import type { BenchContext } from '../contract.js';
import { startStack } from '../stack.js';
import { LOAD_CORE, PROXY_CORE } from '../warm/contestants.js';
import { compare, type Front, type Part } from './contest.js';

const CONNECTIONS = 4;
const MIB_EACH = 128;
const MIB = 1024 * 1024;

export async function tcp(context: BenchContext, rounds: number): Promise<Part> {
  const origin = await freePort();
  const fronts = [await startReveille(context, origin), ...(await startHaproxy(context, origin))];
  return compare(context, { what: 'TCP', unit: 'MiB', fronts, rounds }, load);
}

async function startReveille(context: BenchContext, origin: number): Promise<Front> {
  const script = new URL('echo.js', import.meta.url).pathname;
  const port = await freePort();
  const source = {
    provider: 'process',
    process: { command: ['taskset', '-c', String(LOAD_CORE), process.execPath, script, 'source'] },
    endpoint: { port: origin },
    idle: { after: '6h' },
    routes: [{ tcp: port }],
  };
  const stack = await startStack(context, { resources: { source }, proxyCore: PROXY_CORE });
  context.defer(() => stack.stopResource('source'));
  await receive(port, 1);
  return { name: 'Reveille', port, proxy: stack.proxy };
}

async function startHaproxy(context: BenchContext, origin: number): Promise<Front[]> {
  const program = findEngine('haproxy');
  if (program === undefined) return [];
  const port = await freePort();
  const file = join(context.folder, 'haproxy-tcp.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen in
  bind 127.0.0.1:${port}
  server one 127.0.0.1:${origin}
`,
  );
  const proxy = startChild(context, [program, '-db', '-f', file], { name: 'haproxy-tcp', core: PROXY_CORE });
  await accepting(port, proxy, 'haproxy');
  return [{ name: 'haproxy', port, proxy }];
}

async function load(port: number): Promise<number> {
  await Promise.all(Array.from({ length: CONNECTIONS }, () => receive(port, MIB_EACH * MIB)));
  return CONNECTIONS * MIB_EACH;
}

/** @throws where another number of bytes comes. */
async function receive(port: number, bytes: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  let seen = 0;
  socket.on('data', (chunk) => {
    seen += chunk.length;
  });
  socket.write(String(bytes));
  await once(socket, 'close');
  if (seen !== bytes) throw new Error(`${seen} bytes instead of ${bytes}`);
}
