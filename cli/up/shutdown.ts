import type { Config } from '../../config/index.js';
import { connectTemporal, ResourceClient } from '../../temporal/index.js';
import type { EndSignals } from './end-signals.js';
import type { HeldDoors } from './held-doors.js';
import type { HeldSocket } from './held-socket.js';
import { stopAwake } from './stop-awake.js';
import type { Supervisor } from './supervisor.js';

/** design.md: what `onExit` says takes at most this long. */
const STOP_LIMIT_MS = 20_000;
const TEMPORAL_GRACE_MS = 8000;
const CONTROL_GRACE_MS = 3000;
/** Beyond what the part itself was given. */
const MARGIN_MS = 3000;

/** Everything that `up` has started; what it did not get to is undefined. */
export interface Running {
  config: Config;
  /** What proxy and control listen on. */
  sockets: HeldSocket[];
  doors: HeldDoors;
  temporal?: Supervisor;
  worker?: Supervisor;
  proxy?: Supervisor;
  control?: Supervisor;
}

/**
 * Ends all of it, in order: what is awake as `onExit` says, then proxy, control, worker, Temporal. Bounded,
 * whatever has died before. Never throws.
 */
export async function shutdown(
  running: Running,
  signals: Pick<EndSignals, 'hurry' | 'kill'>,
  say: (line: string) => void,
): Promise<void> {
  const { config, proxy, worker, control, temporal } = running;
  const { kill } = signals;
  const sleeper =
    config.onExit === 'stop' && worker !== undefined ? new Sleeper(running, signals, say) : undefined;
  await sleeper?.stop();
  // First: whoever connects from now on is refused, and does not wait for a proxy that will not come.
  for (const socket of running.sockets) socket.close();
  running.doors.close();
  await proxy?.stop(config.proxy.drain + MARGIN_MS, kill);
  // A request that the proxy still took may have woken something meanwhile.
  await sleeper?.stop();
  sleeper?.report();
  await control?.stop(CONTROL_GRACE_MS, kill);
  await worker?.stop(config.worker.shutdownGrace + MARGIN_MS, kill);
  await temporal?.stop(TEMPORAL_GRACE_MS, kill);
  await sleeper?.close();
}

/** Puts to sleep what is awake, within one time limit for all its turns. */
class Sleeper {
  private readonly limit = AbortSignal.timeout(STOP_LIMIT_MS);
  private readonly connection;
  private left: string[] | undefined = [];

  constructor(
    private readonly running: Running,
    private readonly signals: Pick<EndSignals, 'hurry' | 'kill'>,
    private readonly say: (line: string) => void,
  ) {
    this.connection = connectTemporal(running.config);
  }

  async stop(): Promise<void> {
    const signal = AbortSignal.any([this.limit, this.signals.hurry]);
    if (signal.aborted) return;
    const client = new ResourceClient(await this.connection);
    this.left = await stopAwake(this.running.config, client, this.say, signal);
  }

  report(): void {
    const why = this.signals.hurry.aborted ? 'as you wish' : `not asleep within ${STOP_LIMIT_MS / 1000} s`;
    if (this.left === undefined) {
      this.say(
        'Temporal did not say what is awake: whatever is stays awake, and is adopted at the next start',
      );
    } else if (this.left.length > 0) {
      this.say(`left awake (${why}; adopted at the next start): ${this.left.join(', ')}`);
    }
  }

  async close(): Promise<void> {
    await (await this.connection).close().catch(() => {});
  }
}
