import { addressText, type Config, type IdleProbeDefinition } from '../config/index.js';
import type { ProbeResult } from './contract.js';
import { inWords, probeHttp } from './http-probe.js';
import { type ProbedInstance, runProbeCommand } from './probe-command.js';

/**
 * Asks once whether an instance is idle. Never says idle on a doubt: what fails (no answer in time, no such
 * command) is `{idle: false, failed: why}`. Rejects only when aborted, with the signal's reason.
 */
export async function probeIdle(
  probe: IdleProbeDefinition,
  instance: ProbedInstance,
  config: Config,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const limit = AbortSignal.timeout(probe.timeout);
  const both = AbortSignal.any([signal, limit]);
  try {
    const { url } = probe;
    return await (url === undefined ? byCommand(probe, instance, config, both) : byUrl(url, instance, both));
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return failed(`no answer within ${probe.timeout / 1000}s`);
    return failed(error instanceof Error ? inWords(error) : String(error));
  }
}

const failed = (why: string): ProbeResult => ({ idle: false, failed: why });

async function byUrl(
  target: string,
  { endpoint }: ProbedInstance,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const url = new URL(target, `http://${addressText(endpoint)}`);
  const status = await probeHttp({ url }, signal);
  return { idle: status >= 200 && status <= 299 };
}

async function byCommand(
  { command = [], env, user }: IdleProbeDefinition,
  instance: ProbedInstance,
  config: Config,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const probe = { command, env, user, key: 'idle.probe', instance, config };
  const { code, killer, said } = await runProbeCommand(probe, signal);
  if (killer === null) return { idle: code === 0 };
  return failed(`the command was killed by ${killer}: ${said}`);
}
