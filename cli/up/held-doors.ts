import type { ChildProcess } from 'node:child_process';
import { type Config, type TcpDoorPlan, tcpDoors } from '../../config/index.js';
import { isReveilleError, ReveilleError } from '../../errors/index.js';
import type { DoorMessage } from '../handed-sockets.js';
import { HeldSocket } from './held-socket.js';
import { portProblem } from './ports.js';

/** The listening sockets of every TCP door, held so that a restart of the proxy refuses nobody there either. */
export class HeldDoors {
  readonly #sockets = new Map<string, HeldSocket>();

  /**
   * Binds what a configuration has more than the last one.
   * @returns what is new, and `settle`, which closes what it has no more: for when the proxy knows.
   * @throws ReveilleError PORT_IN_USE: then nothing has changed.
   */
  async adjust(config: Config): Promise<{ added: string[]; settle(): void }> {
    const plans = tcpDoors(config);
    const opened = new Map<string, HeldSocket>();
    try {
      for (const plan of plans) {
        if (!this.#sockets.has(plan.address)) opened.set(plan.address, await hold(plan));
      }
    } catch (error) {
      for (const socket of opened.values()) socket.close();
      throw error;
    }
    for (const [address, socket] of opened) this.#sockets.set(address, socket);
    return { added: [...opened.keys()], settle: () => this.#keepOnly(plans) };
  }

  /** Gives a child its copies. @param addresses default: of all. */
  handTo(child: ChildProcess, addresses: Iterable<string> = this.#sockets.keys()): void {
    for (const address of addresses) {
      const socket = this.#sockets.get(address);
      const message: DoorMessage = { kind: 'door', address };
      // A child that has ended meanwhile is followed by one that gets them all.
      if (socket !== undefined) child.send(message, socket.sendable, {}, () => {});
    }
  }

  close(): void {
    this.#keepOnly([]);
  }

  #keepOnly(plans: readonly TcpDoorPlan[]): void {
    const wanted = new Set(plans.map(({ address }) => address));
    for (const [address, socket] of this.#sockets) {
      if (wanted.has(address)) continue;
      socket.close();
      this.#sockets.delete(address);
    }
  }
}

async function hold({ host, port, path, resource }: TcpDoorPlan): Promise<HeldSocket> {
  try {
    return await HeldSocket.listen(host, port);
  } catch (error) {
    if (isReveilleError(error)) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const use = { host, port, what: `a TCP door of ${resource}`, key: path.join('.') };
    throw new ReveilleError('PORT_IN_USE', portProblem(use, code), { cause: error });
  }
}
