import { connect } from 'node:net';
import type { Endpoint } from '../../../workflows/messages.js';

const CONNECT_MS = 1000;

/** HOST:PORT. */
export const addressOf = ({ host, port }: Endpoint): string => `${host}:${port}`;

/** The first that takes a connection; where none does yet, the first. */
export async function bestOf(endpoints: readonly Endpoint[]): Promise<Endpoint | undefined> {
  if (endpoints.length < 2) return endpoints[0];
  for (const one of endpoints) if (await accepts(one)) return one;
  return endpoints[0];
}

function accepts({ host, port }: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
