import { Registry } from 'prom-client';
import {
  addressText,
  type Config,
  type Ending,
  type Service,
  type ServiceOptions,
  splitAddress,
} from '../config/index.js';
import { connectTemporal, type TemporalConnection } from '../temporal/index.js';
import type { Tracing } from '../tracing/contract.js';
import { startTracing } from '../tracing/start.js';
import { WakeLimits } from './access/wake-limits.js';
import { ConnectionGuard } from './connection-guard.js';
import { createFrontDoor, type FrontDoor } from './front-door.js';
import type { LeaseGate } from './gate.js';
import { startGate } from './gate-start.js';
import type { InternalServer } from './internal.js';
import { TcpDoors } from './tcp/doors.js';

/** Starts the proxy: its control address first, because every ask names it. Needs no Temporal to start. */
export async function startProxy({
  config,
  log,
  secret,
  listenFd,
  handed,
}: ServiceOptions): Promise<Service> {
  const registry = new Registry();
  const temporal = connectTemporal(config);
  const { gate, internal } = await startGate({ config, temporal, log, registry, secret });
  const guard = new ConnectionGuard(config, registry, log);
  const limits = new WakeLimits(config);
  const tracing = await startTracing(config, 'proxy', log);
  const door = createFrontDoor({ config, gate, log, registry, guard, limits, tracing });
  const bound = await door.listen(
    listenFd === undefined ? splitAddress(config.proxy.listen) : { fd: listenFd },
  );
  const tcp = new TcpDoors({ config, gate, log, registry, guard, limits, handed });
  await tcp.apply(config);
  return new ProxyService(
    config,
    { gate, guard, door, tcp, internal, temporal, tracing },
    addressText({ host: bound.address, port: bound.port }),
  );
}

interface Parts {
  gate: LeaseGate;
  guard: ConnectionGuard;
  door: FrontDoor;
  tcp: TcpDoors;
  internal: InternalServer;
  temporal: TemporalConnection;
  tracing: Tracing | undefined;
}

class ProxyService implements Service {
  constructor(
    private config: Config,
    private readonly parts: Parts,
    readonly address: string,
  ) {}

  async reload(config: Config): Promise<void> {
    const { gate, guard, door, tcp } = this.parts;
    // First, since a door that opens may lead to a resource that is new.
    gate.reload(config);
    await tcp.apply(config).catch((error: unknown) => {
      gate.reload(this.config);
      throw error;
    });
    guard.reload(config);
    door.reload(config);
    this.config = config;
  }

  /** What is held or in flight gets the drain time, then the leases are given back. */
  async close(ending: Ending = 'for good'): Promise<void> {
    const { gate, door, tcp, internal, temporal, tracing } = this.parts;
    const { drain } = this.config.proxy;
    await Promise.all([door.close(drain, ending), tcp.close(drain)]);
    await gate.close();
    await internal.close();
    await temporal.close();
    await tracing?.close();
  }
}
