import { type SendHandle, spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import { getSystemErrorName } from 'node:util';
import { addressText } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';

/** An argument of `listen`, never an option: with a descriptor Node passes over that. */
const BACKLOG = 4096;

/** What Node's own cluster module binds with: the socket exists, and nothing watches it for connections. */
interface BoundHandle {
  readonly fd: number;
  getsockname(out: { address?: string; port?: number }): number;
  close(): void;
}
type CreateServerHandle = (
  address: string,
  port: number,
  addressType: 4 | 6,
  fd: undefined,
  flags: 0,
) => BoundHandle | number;

/**
 * A listening socket that this process holds and never accepts on. Children accept on their copy of it, one
 * after the other; what connects while none of them lives waits in the kernel's queue.
 */
export class HeldSocket {
  private constructor(
    private readonly handle: BoundHandle,
    /** HOST:PORT as bound: port 0 has become a number. */
    readonly address: string,
  ) {}

  /**
   * @param port 0: any free one
   * @throws Error with a `code` such as EADDRINUSE
   */
  static async listen(host: string, port: number): Promise<HeldSocket> {
    const { address, family } = await lookup(host);
    // net has no public way to bind without accepting; cluster and its users have relied on this one since 0.8.
    const { _createServerHandle: create } = net as unknown as { _createServerHandle: CreateServerHandle };
    const handle = create(address, port, family === 6 ? 6 : 4, undefined, 0);
    if (typeof handle === 'number') throw systemError(handle, host, port);
    const name: { address?: string; port?: number } = {};
    // libuv keeps EADDRINUSE of its bind back until it is asked something else.
    const late = handle.getsockname(name);
    if (late !== 0) {
      handle.close();
      throw systemError(late, host, port);
    }
    const held = new HeldSocket(handle, addressText({ host, port: name.port ?? port }));
    held.beginToListen();
    return held;
  }

  /** For `stdio` of a child, which calls `listen({ fd })` on it. */
  get fd(): number {
    return this.handle.fd;
  }

  /** For a child that runs: sent over its channel, it calls `listen(handle)` on its copy. */
  get sendable(): SendHandle {
    // Node sends such handles for its own cluster module; its types know the sockets around them only.
    return this.handle as unknown as SendHandle;
  }

  close(): void {
    this.handle.close();
  }

  /**
   * listen(2) acts on the socket, not on this process's copy: a child that calls it and goes away without a
   * turn of its event loop has accepted nothing, and the socket listens. Done here, libuv would accept.
   */
  private beginToListen(): void {
    const code = `
      const server = require('node:net').createServer().on('error', () => {});
      server.listen({ fd: 3 }, ${BACKLOG});
      process.exit(server.listening ? 0 : 1);`;
    const { status } = spawnSync(process.execPath, ['-e', code], {
      stdio: ['ignore', 'ignore', 'ignore', this.handle.fd],
      env: {},
    });
    if (status === 0) return;
    this.handle.close();
    throw new ReveilleError('PORT_IN_USE', `${this.address} cannot be listened on`);
  }
}

function systemError(errno: number, host: string, port: number): Error & { code: string } {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: ${host}:${port}`), { code });
}
