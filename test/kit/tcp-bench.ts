/** TCP doors with a fake gate; instances and clients are those of http-bench.ts. */

import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Config } from '../../config/index.js';
import { WakeLimits } from '../../proxy/access/wake-limits.js';
import { ConnectionGuard } from '../../proxy/connection-guard.js';
import { TcpDoors } from '../../proxy/tcp/doors.js';
import { FakeGate } from './fake-gate.js';
import { configOf, dial, type Peer } from './http-bench.js';
import { freePorts } from './ports.js';

export interface TcpBench {
  doors: TcpDoors;
  gate: FakeGate;
  guard: ConnectionGuard;
  registry: Registry;
  port: number;
  /** Lines of the log, parsed. */
  lines: Record<string, unknown>[];
  /** A client's connection. It may end its sending alone. */
  client(): Promise<Peer>;
  /** Connects and waits for the end, which may come before the connection stands. */
  turnedAway(): Promise<void>;
  /** Another configuration, with these settings of the route. */
  configWith(route: object, proxy?: Record<string, unknown>): Config;
}

/** Starts a door that leads to `app`; it ends with the test. @param route settings of it beside its address. */
export async function startTcpBench(
  t: TestContext,
  route: object = {},
  proxy: Record<string, unknown> = {},
): Promise<TcpBench> {
  const [port = 0] = await freePorts(1);
  const gate = new FakeGate();
  const registry = new Registry();
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const configWith = (more: object, top = proxy): Config =>
    configOf({ proxy: top, resources: { app: { routes: [{ tcp: `127.0.0.1:${port}`, ...more }] } } });
  const config = configWith(route);
  const guard = new ConnectionGuard(config, registry, log);
  const doors = new TcpDoors({ config, gate, log, registry, guard, limits: new WakeLimits(config) });
  await doors.apply(config);
  t.after(() => doors.close(0));
  const turnedAway = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.resume().once('close', () => resolve());
    });
  const client = (): Promise<Peer> => dial(t, port, true);
  return { doors, gate, guard, registry, port, lines, client, turnedAway, configWith };
}
