import type { Registry } from 'prom-client';
import { type Config, type Handed, type Logger, type TcpDoorPlan, tcpDoors } from '../../config/index.js';
import type { WakeLimits } from '../access/wake-limits.js';
import type { ConnectionGuard } from '../connection-guard.js';
import type { Gate } from '../gate-contract.js';
import { poolsOf } from '../pool/pools.js';
import { RunningList } from '../running.js';
import { TcpDoor } from './door.js';
import { TcpMetrics } from './metrics.js';
import type { TcpTraffic } from './tcp-connection.js';

export interface TcpDoorsOptions {
  config: Config;
  gate: Gate;
  log: Logger;
  registry: Registry;
  guard: ConnectionGuard;
  limits: WakeLimits;
  /** Where listening sockets come from that somebody else holds. Default: each door listens by itself. */
  handed?: Handed | undefined;
}

/** Every TCP door of one proxy. */
export class TcpDoors {
  readonly #doors = new Map<string, TcpDoor>();
  readonly #traffic: TcpTraffic;
  /** Called when the last connection has ended. */
  #onEmpty: (() => void) | undefined;

  constructor(private readonly options: TcpDoorsOptions) {
    const { gate, log, registry, config, limits } = options;
    const running = new RunningList(() => {
      if (running.size === 0) this.#onEmpty?.();
    });
    const metrics = new TcpMetrics(registry, () => running.size);
    const pools = poolsOf(config, false);
    this.#traffic = { gate, log, metrics, running, limits, pools, holdMs: config.proxy.hold.time };
  }

  /**
   * Opens, changes and closes doors, so that they are those of this configuration. Connections that stand keep
   * what they began with.
   * @throws ReveilleError PORT_IN_USE where one cannot be opened: then nothing has changed.
   */
  async apply(config: Config): Promise<void> {
    const plans = new Map(tcpDoors(config).map((plan) => [plan.address, plan]));
    const added = [...plans.values()].filter(({ address }) => !this.#doors.has(address));
    const opened = await this.#openAll(added);
    this.#traffic.holdMs = config.proxy.hold.time;
    this.#traffic.pools = poolsOf(config, false);
    for (const [address, door] of this.#doors) {
      const plan = plans.get(address);
      if (plan !== undefined) door.change(plan);
      else {
        door.close();
        this.#doors.delete(address);
      }
    }
    for (const [address, door] of opened) this.#doors.set(address, door);
    this.options.handed?.keepOnly((address) => plans.has(address));
  }

  async #openAll(plans: readonly TcpDoorPlan[]): Promise<Map<string, TcpDoor>> {
    const opened = new Map<string, TcpDoor>();
    const open = async (plan: TcpDoorPlan): Promise<void> => {
      const door = new TcpDoor(this.#traffic, this.options.guard, plan);
      if (await this.#listen(door, plan)) opened.set(plan.address, door);
    };
    const results = await Promise.allSettled(plans.map(open));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return opened;
    for (const door of opened.values()) door.close();
    throw failed.reason;
  }

  /** @returns false where somebody else holds the sockets, and has none for this door. */
  async #listen(door: TcpDoor, { address, resource }: TcpDoorPlan): Promise<boolean> {
    const { handed, log } = this.options;
    const handle = await handed?.take(address);
    if (handed !== undefined && handle === undefined) {
      const message = '`reveille up` does not hold the socket of this TCP door; `reveille reload` opens it';
      log.error({ address, resource }, message);
      return false;
    }
    await door.listen(handle);
    return true;
  }

  /** Connections under way, held ones too. */
  get running(): number {
    return this.#traffic.running.size;
  }

  /** Accepts nothing more, lets connections go on for a time, then cuts them off. */
  async close(drainMs: number): Promise<void> {
    for (const door of this.#doors.values()) door.close();
    const { running } = this.#traffic;
    if (running.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      setTimeout(() => {
        for (const one of running.snapshot()) one.shutDown();
      }, drainMs).unref();
    });
  }
}
