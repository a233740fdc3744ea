/**
 * An application as browsers use them: its page opens a WebSocket and an event stream on the host that it came from,
 * and tells what it heard, which goes into the file `told` in its working directory.
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const EVENTS = 8;
const EVERY_MS = 700;

const PAGE = `<!doctype html><title>app</title><script>
const tell = (what) => fetch('/told', { method: 'POST', body: JSON.stringify(what) });
const socket = new WebSocket('ws://' + location.host + '/socket');
socket.onopen = () => socket.send('from a browser');
socket.onmessage = ({ data }) => tell({ socket: data });
const events = new EventSource('/events');
let heard = 0;
events.onmessage = () => { heard += 1; if (heard === ${EVENTS}) { tell({ heard }); events.close(); } };
events.onerror = () => tell({ broken: heard });
</script>`;

const server = createServer((request, response) => {
  if (request.url === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const timer = setInterval(() => response.write('data: tick\n\n'), EVERY_MS);
    response.once('close', () => clearInterval(timer));
  } else if (request.url === '/told') {
    request.setEncoding('utf8').on('data', (text: string) => {
      appendFileSync('told', `${text}\n`);
    });
    response.end();
  } else {
    response.setHeader('Content-Type', 'text/html');
    response.end(PAGE);
  }
});
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (text) => socket.send(`heard ${text}`));
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.once('SIGTERM', () => process.exit());
