/** Starts the origin, Reveille in front of it as its instance, and the peers; and checks that each is a proxy. */
import { createHash } from 'node:crypto';
import { freePort } from '../../test/kit/ports.js';
import { accepting, startChild } from '../child.js';
import type { BenchContext } from '../contract.js';
import { startStack } from '../stack.js';
import { BROWSER } from './load.js';
import { LARGE, originCommand, SMALL } from './nginx.js';
import { peers } from './peers.js';
import type { Contestant } from './rounds.js';

/** The proxies have one core to themselves; the load and the origin share the other. */
export const PROXY_CORE = 0;
export const LOAD_CORE = 1;

export interface Contest {
  contestants: Contestant[];
  /** The origin, without a proxy. */
  origin: Contestant;
  /** Peers that are not installed. */
  absent: string[];
}

/** @throws where a proxy does not pass on what it should. */
export async function startContest(context: BenchContext): Promise<Contest> {
  const originPort = await freePort();
  const reveille = await startReveille(context, originPort);
  const contestants = [reveille];
  const absent: string[] = [];
  for (const peer of peers) {
    const port = await freePort();
    const command = peer.command(context.folder, port, originPort);
    if (command === undefined) {
      absent.push(peer.name);
      continue;
    }
    const child = startChild(context, command, { name: peer.name, core: PROXY_CORE });
    await accepting(port, child, peer.name);
    contestants.push({ name: peer.name, port, pid: child.pid });
  }
  for (const one of contestants) await check(one);
  return { contestants, origin: { name: 'origin alone', port: originPort, pid: undefined }, absent };
}

/** The real proxy with Temporal and a worker, and the origin as an awake resource with a long lease. */
async function startReveille(context: BenchContext, originPort: number): Promise<Contestant> {
  context.say('starting Temporal, a worker and the proxy');
  const command = ['taskset', '-c', String(LOAD_CORE), ...originCommand(context.folder, originPort)];
  const origin = {
    provider: 'process',
    process: { command },
    endpoint: { port: originPort },
    health: { path: '/small' },
    idle: { after: '6h' },
    routes: [{ path: '/' }],
  };
  const proxyArgs = (process.env.REVEILLE_BENCH_NODE ?? '').split(' ').filter(Boolean);
  const stack = await startStack(context, { resources: { origin }, proxyCore: PROXY_CORE, proxyArgs });
  context.defer(() => stack.stopResource('origin'));
  return { name: 'Reveille', port: stack.proxyPort, pid: stack.proxy.pid };
}

/** Correctness first: whole bodies, the origin's fields, and the query passed on. */
async function check({ name, port }: Contestant): Promise<void> {
  for (const [path, body] of [
    ['/small?a=1', Buffer.from(SMALL)],
    ['/large', LARGE],
  ] as const) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: BROWSER });
    const got = Buffer.from(await response.arrayBuffer());
    const same =
      createHash('sha256').update(got).digest('hex') === createHash('sha256').update(body).digest('hex');
    if (response.status !== 200 || !same || response.headers.get('x-frame-options') !== 'SAMEORIGIN') {
      throw new Error(
        `${name} does not pass ${path} on as it is: status ${response.status}, ${got.length} bytes`,
      );
    }
  }
}
