import { randomInt } from 'node:crypto';
import net from 'node:net';

/** Below those that the system gives to outgoing connections, and beyond those of houses. */
const RANGE = { from: 30_000, to: 32_700 };

/** A port that is free and stays so until an instance listens on it: no connection gets it meanwhile. */
export async function instancePort(): Promise<number> {
  for (;;) {
    const port = randomInt(RANGE.from, RANGE.to);
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
