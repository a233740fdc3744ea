/** `echo.js echo|source`, on the port PORT: a WebSocket server that echoes, or a TCP server that sends. */
import { createServer } from 'node:net';
import { WebSocketServer } from 'ws';

const port = Number(process.env.PORT);
const host = '127.0.0.1';
if (process.argv[2] === 'echo') {
  new WebSocketServer({ port, host, perMessageDeflate: false }).on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
} else {
  const piece = Buffer.alloc(256 * 1024, 'x');
  // Sends as many bytes as it is asked for, in decimal, and ends.
  createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (asked) => {
      let left = Number(asked.toString('latin1'));
      const send = () => {
        while (left > 0) {
          const next = left < piece.length ? piece.subarray(0, left) : piece;
          left -= next.length;
          if (!socket.write(next)) return;
        }
        socket.end();
      };
      socket.on('drain', send);
      send();
    });
  }).listen(port, host);
}
