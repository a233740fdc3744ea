import { Registry } from 'prom-client';
import {
  type Config,
  type Ending,
  type Service,
  type ServiceOptions,
  splitAddress,
} from '../config/index.js';
import { connectTemporal, type TemporalConnection } from '../temporal/index.js';
import { createFrontDoor, type FrontDoor } from './front-door.js';
import { LeaseGate } from './gate.js';
import { InternalServer } from './internal.js';

/** Starts the proxy: its control address first, because every ask names it. Needs no Temporal to start. */
export async function startProxy({ config, log, secret, listenFd }: ServiceOptions): Promise<Service> {
  const registry = new Registry();
  const temporal = connectTemporal(config);
  let gate: LeaseGate | undefined;
  const internal = new InternalServer({
    config,
    secret,
    registry,
    answer: (...question) => {
      if (!gate) throw new Error('asked before the start was over');
      return gate.answer(...question);
    },
  });
  const at = await internal.listen();
  gate = new LeaseGate(config, { temporal, at, log, registry });
  internal.register(gate.id, at);
  const door = createFrontDoor({ config, gate, log, registry });
  const bound = await door.listen(
    listenFd === undefined ? splitAddress(config.proxy.listen) : { fd: listenFd },
  );
  const host = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return new ProxyService(config, { gate, door, internal, temporal }, `${host}:${bound.port}`);
}

interface Parts {
  gate: LeaseGate;
  door: FrontDoor;
  internal: InternalServer;
  temporal: TemporalConnection;
}

class ProxyService implements Service {
  constructor(
    private config: Config,
    private readonly parts: Parts,
    readonly address: string,
  ) {}

  async reload(config: Config): Promise<void> {
    this.parts.door.reload(config);
    this.parts.gate.reload(config);
    this.config = config;
  }

  /** What is held or in flight gets the drain time, then the leases are given back. */
  async close(ending: Ending = 'for good'): Promise<void> {
    const { gate, door, internal, temporal } = this.parts;
    await door.close(this.config.proxy.drain, ending);
    await gate.close();
    await internal.close();
    await temporal.close();
  }
}
