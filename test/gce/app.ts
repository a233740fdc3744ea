// What runs in the machines of e2e.test.ts: says who it is, speaks a protocol of its own, breaks off answers.
import { createServer } from 'node:http';

const { LISTEN, PORT, HEALTH = '200' } = process.env;
const hosts: string[] = [];

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://app');
  if (pathname.endsWith('/healthz')) hosts.push(request.headers.host ?? '');
  if (pathname.endsWith('/healthz')) response.writeHead(Number(HEALTH)).end();
  else if (pathname.endsWith('/broken')) request.socket.destroy();
  else
    response.end(JSON.stringify({ address: LISTEN, host: request.headers.host, path: request.url, hosts }));
});
server.on('upgrade', (_, socket) => {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
  socket.pipe(socket);
});
server.listen(Number(PORT), LISTEN);
