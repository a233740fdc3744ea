import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { addressList, type IsListed } from '../../access/address-list.js';
import { plainAddress } from '../../access/peer.js';
import type { TcpDoorPlan } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import { ConnectionBook } from '../connection-book.js';
import type { ConnectionGuard } from '../connection-guard.js';
import { TcpConnection, type TcpTraffic } from './tcp-connection.js';

/** Connections that the kernel holds until they are accepted. */
const BACKLOG = 4096;
/** A client that vanished without a word is noticed after this silence and its probes. */
const PROBE_AFTER_MS = 30_000;

/** One listening address, and who may come in. */
export class TcpDoor {
  readonly #server: Server;
  readonly #book: ConnectionBook;
  #plan: TcpDoorPlan;
  #isAllowed: IsListed;
  #isDenied: IsListed;

  constructor(
    private readonly traffic: TcpTraffic,
    private readonly guard: ConnectionGuard,
    plan: TcpDoorPlan,
  ) {
    this.#plan = plan;
    this.#book = new ConnectionBook(plan.route);
    [this.#isAllowed, this.#isDenied] = listsOf(plan);
    const options = {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_AFTER_MS,
    };
    this.#server = createServer(options, (socket) => this.#admit(socket));
  }

  /**
   * @param handle a listening socket that somebody else holds; default: one of its own.
   * @throws ReveilleError PORT_IN_USE.
   */
  listen(handle?: object): Promise<void> {
    const { host, port, address, resource } = this.#plan;
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        if (error.code !== 'EADDRINUSE') reject(error);
        else {
          const message = `The proxy cannot listen on ${address} for ${resource}.`;
          reject(new ReveilleError('PORT_IN_USE', message, { cause: error }));
        }
      };
      const server = this.#server.once('error', failed);
      const listening = (): void => {
        server.off('error', failed);
        // Such as no descriptor left: the next connection may find one.
        server.on('error', (error) => this.traffic.log.error({ err: error, address }, 'accepting failed'));
        resolve();
      };
      if (handle === undefined) server.listen({ host, port, backlog: BACKLOG }, listening);
      else server.listen(handle, BACKLOG, listening);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** New settings, for connections that come from now on. The address is the same. */
  change(plan: TcpDoorPlan): void {
    this.#plan = plan;
    this.#book.limits = plan.route;
    [this.#isAllowed, this.#isDenied] = listsOf(plan);
  }

  /** Accepts nothing more. Connections that stand go on. */
  close(): void {
    this.#server.close();
  }

  #admit(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress);
    const error = this.#refusal(address);
    if (error !== undefined) {
      this.guard.refusals.note(error, address);
      socket.on('error', () => {}).resetAndDestroy();
      return;
    }
    socket.once('close', () => {
      this.#book.leave(address);
      this.guard.leave(address);
    });
    new TcpConnection(this.traffic, this.#plan, socket).start();
  }

  #refusal(address: string): ReveilleError | undefined {
    const { address: door, resource, route } = this.#plan;
    if (this.#isDenied(address) || !this.#isAllowed(address)) {
      return new ReveilleError('ADDRESS_DENIED', `${door} (${resource}) is not for this address.`);
    }
    const crowded = this.#book.enter(address, this.guard.isExempt(address));
    if (crowded !== undefined) {
      const [bound, key] =
        crowded === 'ADDRESS_FULL' ? [route.perAddress, 'perAddress'] : [route.connections, 'connections'];
      const message = `${bound} connections to ${door} (${resource}) are open already (${key} of its route).`;
      return new ReveilleError(crowded, message);
    }
    const error = this.guard.enter(address);
    if (error !== undefined) this.#book.leave(address);
    return error;
  }
}

function listsOf({ path, route: { allow, deny } }: TcpDoorPlan): [IsListed, IsListed] {
  const key = path.slice(0, -1).join('.');
  const isAllowed = allow === undefined ? () => true : addressList(allow, `${key}.allow`);
  return [isAllowed, addressList(deny, `${key}.deny`)];
}
