import { setTimeout as delay } from 'node:timers/promises';
import { type InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';
import { Client, Connection, type ConnectionOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { type Config, resolveReferences } from '../config/index.js';

/** Calls without a deadline of their own get this one: nothing waits for ever on a server that hangs. */
const CALL_TIMEOUT_MS = 10_000;
/** Timers count whole milliseconds. */
const TIMER_ROUNDING_MS = 1;
const RETRIED = new Set<number>([status.RESOURCE_EXHAUSTED, status.UNAVAILABLE, status.ABORTED]);

export interface TemporalConnection {
  readonly client: Client;
  readonly namespace: string;
  close(): Promise<void>;
}

/** Address and namespace, without the secrets. */
export function temporalAddress(config: Config): { address: string; namespace: string } {
  const { temporal } = config;
  if ('address' in temporal) return { address: temporal.address, namespace: temporal.namespace };
  return {
    address: process.env.TEMPORAL_ADDRESS ?? `127.0.0.1:${temporal.embedded.port}`,
    namespace: 'default',
  };
}

interface ConnectOptions {
  address: string;
  tls?: NonNullable<ConnectionOptions['tls']>;
  apiKey?: string;
}

/** What a client's and a worker's connection share. */
export function connectionOptions(config: Config): ConnectOptions {
  const { temporal } = config;
  const { address } = temporalAddress(config);
  if (!('address' in temporal)) return { address };
  const resolve = (text: string) =>
    resolveReferences(text, { env: process.env, folder: config.folder, key: 'temporal' }).value;
  const apiKey = temporal.apiKey === undefined ? undefined : resolve(temporal.apiKey);
  const tls = typeof temporal.tls === 'boolean' ? temporal.tls : tlsFiles(temporal.tls, resolve);
  return { address, tls, ...(apiKey === undefined ? {} : { apiKey }) };
}

function tlsFiles(
  tls: {
    ca?: string | undefined;
    cert?: string | undefined;
    key?: string | undefined;
    serverName?: string | undefined;
  },
  resolve: (text: string) => string,
) {
  const bytes = (text: string) => Buffer.from(resolve(text));
  return {
    ...(tls.serverName === undefined ? {} : { serverNameOverride: tls.serverName }),
    ...(tls.ca === undefined ? {} : { serverRootCACertificate: bytes(tls.ca) }),
    ...(tls.cert === undefined || tls.key === undefined
      ? {}
      : { clientCertPair: { crt: bytes(tls.cert), key: bytes(tls.key) } }),
  };
}

/**
 * A client that connects when it is first used and again whenever the server is back. Never fails by itself:
 * its calls do, within their deadline.
 */
export function connectTemporal(config: Config): TemporalConnection {
  const retries = new Retries();
  const connection = Connection.lazy({
    ...connectionOptions(config),
    channelArgs: {
      // gRPC's own default grows to two minutes, which would outlast every held request.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.min_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.use_local_subchannel_pool': 1,
    },
    interceptors: [deadlineInterceptor, retries.interceptor],
  });
  const { namespace } = temporalAddress(config);
  const close = async () => {
    await retries.end();
    await connection.close();
  };
  return { client: new Client({ connection, namespace }), namespace, close };
}

const deadlineInterceptor: Interceptor = (options, nextCall) =>
  nextCall({ ...options, deadline: options.deadline ?? Date.now() + CALL_TIMEOUT_MS }) as InterceptingCall;

/** The SDK's default waits from 1.7 s on RESOURCE_EXHAUSTED, for up to 22 s: held requests cannot. */
class Retries {
  private ended = false;
  private lastAt = 0;

  readonly interceptor = makeGrpcRetryInterceptor({
    retryableDecider: (attempt, { code }) => !this.ended && attempt < 20 && RETRIED.has(code),
    delayFunction: (attempt) => {
      const ms = Math.min(20 * 1.6 ** (attempt - 1), 250) * (0.8 + Math.random() * 0.4);
      this.lastAt = Math.max(this.lastAt, performance.now() + ms);
      return ms;
    },
  });

  /** No call is tried again from now on. Resolves when those that wait to be have been: on a closed channel they throw out of a timer. */
  async end(): Promise<void> {
    this.ended = true;
    while (performance.now() <= this.lastAt + TIMER_ROUNDING_MS) {
      await delay(this.lastAt - performance.now() + 2 * TIMER_ROUNDING_MS);
    }
  }
}
