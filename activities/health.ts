import { connect } from 'node:net';
import { addressText, type HealthDefinition } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';
import type { Endpoint } from '../workflows/messages.js';
import { statusMatcher } from './health-status.js';
import { inWords, probeHttp } from './http-probe.js';
import { pause } from './pause.js';
import type { ProbeEnd } from './probe-command.js';

export interface HealthOptions {
  /** Ends the wait: rejects with its reason. */
  readonly signal: AbortSignal;
  /** Called with the last reason, before each probe and every second. */
  readonly heartbeat: (reason: string) => void;
  /** Resolves when the instance has ended: the provider's `watch`. Undefined says nothing. */
  readonly died?: Promise<{ reason: string; log?: string } | undefined>;
  /** Runs the command of a health check by command, for this instance. */
  readonly run?: (command: readonly string[], signal: AbortSignal) => Promise<ProbeEnd>;
}

type ActiveHealth = Exclude<HealthDefinition, 'none'>;
/** Resolves where the instance is healthy; rejects, saying why it is not. */
type Probe = (signal: AbortSignal) => Promise<void>;

const FIRST_PAUSE_MS = 5;
/**
 * Each pause is this part of the time that has passed: readiness is found at most a tenth late. Doubling the
 * pauses found it up to half late, which on a boot of 60 ms was more than all else that a wake costs.
 */
const PAUSE_SHARE = 0.1;
const HEARTBEAT_MS = 1000;
const NOT_ASKED = 'not asked yet';

/**
 * Resolves as soon as the instance is healthy. One probe at a time: the first at once, the next after a pause of
 * 5 ms that grows up to `interval`; one that takes longer than `attempt` is given up and made again.
 * @throws ReveilleError INSTANCE_DIED at once with its end and log; HEALTH_TIMEOUT with the last reason.
 */
export async function waitHealthy(
  health: HealthDefinition,
  endpoint: Endpoint,
  { signal, heartbeat, died, run }: HealthOptions,
): Promise<void> {
  if (health === 'none') return;
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  let reason = NOT_ASKED;
  const beat = setInterval(() => heartbeat(reason), HEARTBEAT_MS);
  void died?.then((end) => {
    if (end !== undefined) ended.abort(deathOf(end));
  });
  try {
    await probeUntilHealthy(health, probeOf(health, endpoint, run), both, (last) => {
      reason = last;
      heartbeat(last);
    });
  } finally {
    clearInterval(beat);
  }
}

async function probeUntilHealthy(
  health: ActiveHealth,
  probe: Probe,
  signal: AbortSignal,
  tell: (reason: string) => void,
): Promise<void> {
  const began = performance.now();
  const deadline = began + health.timeout;
  const left = () => Math.max(0, deadline - performance.now());
  let reason = NOT_ASKED;
  for (;;) {
    signal.throwIfAborted();
    tell(reason);
    const limitMs = Math.min(health.attempt, left());
    const failed = await attempt(probe, limitMs, signal);
    if (failed === undefined) return;
    // The last one may have had no time to learn anything.
    const learned = !failed.cutOff || limitMs === health.attempt || reason === NOT_ASKED;
    if (learned) reason = failed.reason;
    if (left() === 0) throw timedOut(health.timeout, reason);
    const grown = Math.max(FIRST_PAUSE_MS, (performance.now() - began) * PAUSE_SHARE);
    await pause(Math.min(grown, health.interval, left()), signal);
  }
}

/** @returns undefined where healthy, else why not. */
async function attempt(
  probe: Probe,
  limitMs: number,
  signal: AbortSignal,
): Promise<{ reason: string; cutOff: boolean } | undefined> {
  const limit = AbortSignal.timeout(Math.ceil(limitMs));
  try {
    await probe(AbortSignal.any([signal, limit]));
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const cutOff = limit.aborted;
    if (!cutOff) return { reason: error instanceof Error ? error.message : String(error), cutOff };
    const time = limitMs >= 1000 ? `${limitMs / 1000}s` : `${Math.ceil(limitMs)}ms`;
    return { reason: `no answer within ${time}`, cutOff };
  }
}

function probeOf(health: ActiveHealth, endpoint: Endpoint, run: HealthOptions['run']): Probe {
  if ('tcp' in health) return (signal) => probeTcp(endpoint, health.greets, signal);
  if ('command' in health) return (signal) => probeByCommand(health.command, run, signal);
  const isExpected = statusMatcher(health.status);
  const url = new URL(`http://${addressText(endpoint)}`);
  const headers: Record<string, string> = health.host === undefined ? {} : { host: health.host };
  return async (signal) => {
    const status = await probeHttp({ url, path: health.path, headers }, signal);
    if (!isExpected(status)) throw new Error(`status ${status}`);
  };
}

async function probeByCommand(
  command: readonly string[],
  run: HealthOptions['run'],
  signal: AbortSignal,
): Promise<void> {
  const { code, killer, said } = (await run?.(command, signal)) ?? { code: 0, killer: null, said: '' };
  if (code === 0) return;
  const end = killer === null ? `exited with code ${code}` : `was killed by ${killer}`;
  throw new Error(`the command ${end}${said === '' ? '' : `: ${said}`}`);
}

/** @param greets wait for the server's first bytes, too. */
function probeTcp({ host, port }: Endpoint, greets: boolean, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once(greets ? 'data' : 'connect', () => {
      resolve();
      socket.destroy();
    });
    socket.once('end', () => reject(new Error('the connection was closed before anything was said')));
    socket.on('error', (error) => reject(new Error(inWords(error), { cause: error })));
  });
}

function deathOf({ reason, log }: { reason: string; log?: string }): ReveilleError {
  const message = `${reason} before it was healthy`;
  return new ReveilleError('INSTANCE_DIED', message, log === undefined ? {} : { log });
}

function timedOut(timeoutMs: number, reason: string): ReveilleError {
  return new ReveilleError('HEALTH_TIMEOUT', `not healthy within ${timeoutMs / 1000}s: ${reason}`);
}
