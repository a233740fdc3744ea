import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { LeaseStatus } from '../../workflows/messages.js';
import { eventually } from './conditions.js';
import type { House } from './house.js';
import { ask, type HouseAnswer } from './house-client.js';

/** An open WebSocket through a proxy. @param at HTTP URL */
export async function openSocket(at: string): Promise<WebSocket> {
  const socket = new WebSocket(at.replace(/^http/, 'ws'));
  // The proxy may be killed under it.
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

/** The leases of a resource that fulfil a condition, as its workflow counts them; waits until there is one. */
export function leaseOf(
  house: House,
  name: string,
  fits: (lease: LeaseStatus) => boolean = () => true,
): Promise<LeaseStatus> {
  return eventually(`a lease of ${name}`, async () =>
    (await house.resources.status(name))?.leases.find((lease) => fits(lease)),
  );
}

/** Asks again and again, one request at a time, until `end` is called. */
export class Traffic {
  readonly answers: HouseAnswer[] = [];
  readonly errors: Error[] = [];
  private ended = false;
  private readonly running: Promise<void>;

  /** @param through the URL of each request. @param pauseMs between two of them. */
  constructor(
    private readonly through: () => string,
    private readonly pauseMs = 0,
  ) {
    this.running = this.run();
  }

  async end(): Promise<void> {
    this.ended = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.ended) {
      await ask(this.through()).then(
        (answer) => this.answers.push(answer),
        (error: Error) => this.errors.push(error),
      );
      await delay(this.pauseMs);
    }
  }
}
