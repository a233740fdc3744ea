import { createServer, type RequestListener, type Server } from 'node:http';
import type { TestContext } from 'node:test';
import type { Endpoint } from '../../workflows/messages.js';

export interface TestServer {
  server: Server;
  endpoint: Endpoint;
  /** How many requests have come in. */
  requests(): number;
}

/** A real HTTP server on a free port of loopback, for one test. */
export async function httpServer(t: TestContext, listener: RequestListener): Promise<TestServer> {
  let count = 0;
  const server = createServer((request, response) => {
    count++;
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { server, endpoint: { host: '127.0.0.1', port }, requests: () => count };
}
