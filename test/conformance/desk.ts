import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../kit/conditions.js';

/** What instances of app.ts ask leave for: to live on, to listen, to end when they are told to. */
export type Step = 'live' | 'listen' | 'end';
export type Event = 'start' | 'term' | 'end';

export interface Told {
  resource: string;
  event: Event;
  /** Which instance: another one for each start of the application. */
  id: string;
}

const PATIENCE_MS = 90_000;

/**
 * Where instances report and ask, whatever they run in: they need no file in common with the test. All is allowed that
 * is not forbidden.
 */
export class Desk {
  readonly told: Told[] = [];
  private readonly forbidden = new Set<string>();
  private readonly server = createServer((request, response) => this.answer(request, response));

  /** Listens on every address: instances may live behind a bridge or in a machine of their own. */
  static async open(): Promise<Desk> {
    const desk = new Desk();
    await new Promise<void>((resolve) => desk.server.listen(0, '0.0.0.0', resolve));
    return desk;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What marks that resource's instances, of all there are on this machine. */
  mark(resource: string): string {
    return `${this.port}/${resource}`;
  }

  /** What an instance of that resource has in its environment. @param host this machine, as the instance reaches it. */
  env(resource: string, host = '127.0.0.1'): Record<string, string> {
    return { DESK: this.mark(resource), DESK_HOST: host, DESK_PORT: String(this.port) };
  }

  forbid(resource: string, step: Step): void {
    this.forbidden.add(`${resource}/${step}`);
  }

  allow(resource: string, step: Step): void {
    this.forbidden.delete(`${resource}/${step}`);
  }

  /** Ids of the instances of which this was heard. */
  of(resource: string, event: Event): string[] {
    return this.told.filter((one) => one.resource === resource && one.event === event).map(({ id }) => id);
  }

  /** Waits until an instance has said so. @returns the id of the one that came as number `count`. */
  heard(resource: string, event: Event, count = 1): Promise<string> {
    return eventually(
      `${count} times ${event} of ${resource}`,
      () => this.of(resource, event)[count - 1],
      PATIENCE_MS,
    );
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://desk');
    const [, resource = '', what, word = ''] = pathname.split('/');
    if (what === 'tell') this.told.push({ resource, event: word as Event, id: searchParams.get('id') ?? '' });
    response.writeHead(what === 'may' && this.forbidden.has(`${resource}/${word}`) ? 404 : 200).end();
  }
}
