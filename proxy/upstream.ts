/**
 * Connections to instances: one set per endpoint and generation, each connection an undici Client of its own, so
 * that it is known whether a request goes out on a fresh connection or a used one, and how a connection ended.
 */
import { buildConnector, Client } from 'undici';
import type { Endpoint } from '../workflows/messages.js';
import type { Pass } from './gate-contract.js';

/** A connection that is not accepted in this time counts as refused. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Below the usual 5 s of servers, so that the proxy is the one who closes. A server's Keep-Alive hint is obeyed. */
const IDLE_MS = 4000;
const IDLE_MAX_MS = 60_000;
const MAX_RESPONSE_HEAD_BYTES = 64 * 1024;

const connectTcp = buildConnector({ timeout: CONNECT_TIMEOUT_MS });

/** One connection to an instance, lent to one request at a time. */
export class Lane {
  readonly client: Client;
  /** Requests sent on the connection that stands. */
  sent = 0;
  /** The connection ended by an error: what came without a length may be cut short. */
  broken = false;

  constructor(origin: string, onDisconnect: (lane: Lane) => void) {
    const connect: buildConnector.connector = (options, callback) =>
      connectTcp(options, (...result) => {
        const socket = result[1];
        // Undefined after an error, whatever undici's types say.
        if (socket) {
          this.sent = 0;
          this.broken = false;
          // Ahead of undici's own listener, which takes a reset for the end of a body without a length.
          socket.on('error', () => {
            this.broken = true;
          });
        }
        callback(...result);
      });
    this.client = new Client(origin, {
      connect,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MAX_MS,
      maxHeaderSize: MAX_RESPONSE_HEAD_BYTES,
      // Long polls, event streams and slow applications: how long is the instance's and the client's affair.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.client.on('disconnect', () => onDisconnect(this));
  }

  destroy(): void {
    this.client.destroy(null, ignore);
  }
}

function ignore(): void {
  // What a closed connection says after it was given up.
}

/** All connections to one endpoint of one generation. */
export class Upstream {
  readonly #origin: string;
  readonly #idle: Lane[] = [];
  #retired = false;

  constructor(
    readonly endpoint: Endpoint,
    readonly generation: number,
  ) {
    const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
    this.#origin = `http://${host}:${endpoint.port}`;
  }

  /** Lends a connection. @param fresh never a used one: it may be stale. */
  take(fresh: boolean): Lane {
    const idle = fresh ? undefined : this.#idle.pop();
    return idle ?? new Lane(this.#origin, (lane) => this.#forget(lane));
  }

  /** Takes a connection back, to keep or to close. */
  give(lane: Lane, reusable: boolean): void {
    if (reusable && !this.#retired) this.#idle.push(lane);
    else lane.destroy();
  }

  /** No longer used: closes what is idle now and the rest as it comes back. */
  retire(): void {
    this.#retired = true;
    for (const lane of this.#idle.splice(0)) lane.destroy();
  }

  #forget(lane: Lane): void {
    const index = this.#idle.indexOf(lane);
    if (index < 0) return;
    this.#idle.splice(index, 1);
    lane.destroy();
  }
}

/** The connections of every resource; a resource's old ones are retired when its generation changes. */
export class Upstreams {
  readonly #byResource = new Map<string, Upstream>();

  /** The connections for this pass. */
  of(resource: string, pass: Pass): Upstream {
    const known = this.#byResource.get(resource);
    if (known !== undefined && leadsThere(known, pass)) return known;
    const made = new Upstream(pass.endpoint, pass.generation);
    known?.retire();
    this.#byResource.set(resource, made);
    return made;
  }

  /** Drops the connections of resources that are not wanted any more. */
  keepOnly(wanted: (resource: string) => boolean): void {
    for (const [resource, upstream] of this.#byResource) {
      if (wanted(resource)) continue;
      upstream.retire();
      this.#byResource.delete(resource);
    }
  }
}

function leadsThere(upstream: Upstream, pass: Pass): boolean {
  const { host, port } = upstream.endpoint;
  return (
    upstream.generation === pass.generation && port === pass.endpoint.port && host === pass.endpoint.host
  );
}
