// An application behind a TCP door: does what the first line of a connection says. `echo` gives everything back,
// `take` sums up what comes until the client's half-close and tells the sum, `give SIZE` sends so many bytes, ends
// its sending and journals their sum.
import { appendFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { someBytes, takeBytes } from './house-bytes.js';

const { PORT, REVEILLE_RESOURCE: resource, REVEILLE_GENERATION: generation } = process.env;

function journal(event: string, more: object = {}): void {
  const line = {
    event,
    resource,
    generation: Number(generation),
    pid: process.pid,
    at: Date.now(),
    stall: 0,
  };
  appendFileSync('journal', `${JSON.stringify({ ...line, ...more })}\n`);
}

async function serve(socket: Socket): Promise<void> {
  const [what = '', size] = (await firstLine(socket)).split(' ');
  if (what === 'echo') await pipeline(socket, socket);
  else if (what === 'take')
    socket.end(JSON.stringify(await takeBytes(socket.iterator({ destroyOnReturn: false }))));
  else if (what === 'give') {
    const { stream, sum } = someBytes(Number(size));
    await pipeline(stream, socket);
    journal('sent', sum);
  } else socket.end();
}

function firstLine(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = Buffer.alloc(0);
    socket.on('data', function read(chunk) {
      text = Buffer.concat([text, chunk]);
      const end = text.indexOf('\n');
      if (end < 0) return;
      socket.off('data', read).pause();
      socket.unshift(text.subarray(end + 1));
      resolve(text.toString('latin1', 0, end));
    });
  });
}

journal('start');
process.on('SIGTERM', () => {
  journal('end');
  process.exit(0);
});
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  serve(socket).catch(() => socket.destroy());
});
server.listen(Number(PORT), '127.0.0.1');
