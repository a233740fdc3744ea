import { randomInt } from 'node:crypto';
import net from 'node:net';

/**
 * Below those that the system gives to outgoing connections and to who asks for any: between the look and the use,
 * a part of another test got one of those. Those of houses' instances lie between the two.
 */
const DOORS = { from: 10_000, to: 20_000 };
const INSTANCES = { from: 30_000, to: 32_700 };

/** Ports for parts that listen later, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freeIn(DOORS));
  return [...ports];
}

/** A port for a part that listens later. */
export function freePort(): Promise<number> {
  return freeIn(DOORS);
}

/** A port that is free and stays so until an instance listens on it: no connection gets it meanwhile. */
export function instancePort(): Promise<number> {
  return freeIn(INSTANCES);
}

async function freeIn({ from, to }: { from: number; to: number }): Promise<number> {
  for (;;) {
    const port = randomInt(from, to);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
