import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What a relay does with connections, those that stand and those that come. */
type Mode = 'open' | 'cut' | 'hang';

/** A TCP relay to a port on loopback: the network between two parts, which a test can cut or let hang. */
export class Relay {
  private mode: Mode = 'open';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  static async to(target: number | string): Promise<Relay> {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Relay(server, Number(String(target).split(':').at(-1)));
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Ends every connection, and each new one at once. */
  cut(): void {
    this.mode = 'cut';
    this.endAll();
  }

  /** Connections stand and are taken, and nothing passes. */
  hang(): void {
    this.mode = 'hang';
    for (const socket of this.sockets) socket.pause().unpipe();
  }

  /** Lets everything pass again. What hung is ended: the packets of that time are lost. */
  open(): void {
    if (this.mode === 'hang') this.endAll();
    this.mode = 'open';
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private endAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(client: Socket): void {
    if (this.mode === 'cut') {
      client.destroy();
      return;
    }
    this.keep(client);
    if (this.mode === 'hang') return;
    const target = connect(this.target, '127.0.0.1');
    this.keep(target);
    client.on('close', () => target.destroy());
    target.on('close', () => client.destroy());
    client.pipe(target);
    target.pipe(client);
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}
