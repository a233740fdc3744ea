/**
 * A proxy in a process of its own, for what is measured from outside: an HTTP front door and a TCP door. `awake` leads
 * to the port in the first argument, `asleep` never wakes. Answers each message with what it has; needs --expose-gc.
 */
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { WakeLimits } from '../../proxy/access/wake-limits.js';
import { ConnectionGuard } from '../../proxy/connection-guard.js';
import { createFrontDoor } from '../../proxy/front-door.js';
import { TcpDoors } from '../../proxy/tcp/doors.js';
import { FakeGate } from './fake-gate.js';
import { configOf } from './http-bench.js';

/** What the process has at a moment. */
export interface Holdings {
  rss: number;
  /** Sockets and servers of the event loop. */
  sockets: number;
  /** Requests, upgraded and TCP connections under way. */
  running: number;
  held: number;
  /** Passes that are out. */
  open: number;
}

const [, , instancePort = '0', tcpPort = '0'] = process.argv;
const config = configOf({
  resources: {
    awake: { routes: [{ path: '/awake' }, { tcp: `127.0.0.1:${tcpPort}` }] },
    asleep: { routes: [{ path: '/asleep' }] },
  },
});
const gate = new FakeGate();
gate.wake('awake', Number(instancePort));
const log = pino({ level: 'silent' });
const registry = new Registry();
const guard = new ConnectionGuard(config, registry, log);
const door = createFrontDoor({ config, gate, log, registry, guard });
const doors = new TcpDoors({ config, gate, log, registry, guard, limits: new WakeLimits(config) });
await doors.apply(config);
const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ port });
process.on('message', () => {
  globalThis.gc?.();
  const sockets = process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;
  const running = door.running() + doors.running;
  const holdings: Holdings = {
    rss: process.memoryUsage.rss(),
    sockets,
    running,
    held: gate.held(),
    open: gate.open,
  };
  process.send?.(holdings);
});
// The test is gone: nothing of it stays.
process.once('disconnect', () => process.exit(0));
