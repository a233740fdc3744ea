import { setTimeout as delay } from 'node:timers/promises';
import type { Handed } from '../config/index.js';

/** They are sent before the reload that needs them: what has not come by then will not. */
const PATIENCE_MS = 5000;

/** What `up` tells the proxy, with a listening socket. */
export interface DoorMessage {
  kind: 'door';
  /** HOST:PORT. */
  address: string;
}

interface Closable {
  close(): void;
}

/** Listening sockets as they come from `up`, over Node's channel between parent and child. */
export class HandedSockets implements Handed {
  readonly #come = new Map<string, object & Closable>();
  readonly #waiting = new Map<string, (handle: object) => void>();

  constructor(private readonly patienceMs = PATIENCE_MS) {
    process.on('message', (message: Partial<DoorMessage>, handle: unknown) => {
      if (message.kind === 'door' && message.address !== undefined && isClosable(handle)) {
        this.#receive(message.address, handle);
      }
    });
  }

  async take(address: string): Promise<object | undefined> {
    const known = this.#come.get(address);
    this.#come.delete(address);
    if (known !== undefined) return known;
    const late = new AbortController();
    const coming = new Promise<object>((resolve) => this.#waiting.set(address, resolve));
    const over = delay(this.patienceMs, undefined, { signal: late.signal }).catch(() => undefined);
    try {
      return await Promise.race([coming, over]);
    } finally {
      this.#waiting.delete(address);
      late.abort();
    }
  }

  keepOnly(wanted: (address: string) => boolean): void {
    for (const [address, handle] of this.#come) {
      if (wanted(address)) continue;
      handle.close();
      this.#come.delete(address);
    }
  }

  #receive(address: string, handle: object & Closable): void {
    const waiting = this.#waiting.get(address);
    this.#waiting.delete(address);
    if (waiting !== undefined) waiting(handle);
    else {
      this.#come.get(address)?.close();
      this.#come.set(address, handle);
    }
  }
}

function isClosable(handle: unknown): handle is object & Closable {
  return typeof handle === 'object' && handle !== null && 'close' in handle;
}
