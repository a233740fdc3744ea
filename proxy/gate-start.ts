import type { Registry } from 'prom-client';
import type { Config, Logger } from '../config/index.js';
import type { TemporalConnection } from '../temporal/index.js';
import { LeaseGate } from './gate.js';
import { InternalServer } from './internal.js';

interface GateOptions {
  config: Config;
  temporal: TemporalConnection;
  log: Logger;
  registry: Registry;
  /** Of the calls between workers and proxies. */
  secret: string;
}

/** Starts a gate: its control address first, because every ask names it. Needs no Temporal to start. */
export async function startGate({
  config,
  temporal,
  log,
  registry,
  secret,
}: GateOptions): Promise<{ gate: LeaseGate; internal: InternalServer }> {
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
  return { gate, internal };
}
