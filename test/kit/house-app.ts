// The application behind a house's resources. Keeps a journal in its working directory, and does on request what
// applications do: answer, stream both ways, hang, speak over WebSocket. Waits for files where its test says so.
import { appendFileSync, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { answerBytes, takeBytes } from './house-bytes.js';

const {
  PORT,
  REVEILLE_RESOURCE: resource,
  REVEILLE_GENERATION,
  LISTEN_WHEN,
  END_WHEN,
  ...when
} = process.env;
const generation = Number(REVEILLE_GENERATION);
const lateness = monitorEventLoopDelay({ resolution: 10 });
lateness.enable();

function journal(event: string, more: object = {}): void {
  const stall = Math.round(lateness.max / 1e6);
  const line = { event, resource, generation, pid: process.pid, at: Date.now(), stall, ...more };
  appendFileSync('journal', `${JSON.stringify(line)}\n`);
}

const missing = (file: string | undefined): boolean => file !== undefined && !existsSync(file);

async function until(file: string | undefined): Promise<void> {
  while (missing(file)) await delay(10);
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://app');
  if (ending && url.pathname !== '/health') journal('late');
  const [, what = ''] = url.pathname.split('/');
  if (what === 'bytes') {
    answerBytes(response, Number(url.searchParams.get('size')), (sum) => journal('sent', sum));
  } else if (what === 'sink') {
    void takeBytes(request).then((sum) => answer(request, response, sum));
  } else if (what === 'hang') {
    journal('sent');
    request.resume();
  } else if (what === 'sse') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: hello\n\n');
  } else if (what === 'health' && missing(when.HEALTHY_WHEN)) {
    console.error('I am not well');
    response.writeHead(500).end();
  } else answer(request, response);
}

function answer(
  { method, url, headers }: IncomingMessage,
  response: ServerResponse,
  more: object = {},
): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(
    JSON.stringify({ resource, generation, pid: process.pid, method, url, host: headers.host, ...more }),
  );
}

let ending = false;
process.on('SIGTERM', async () => {
  ending = true;
  journal('term');
  await until(END_WHEN);
  journal('end');
  process.exit(0);
});
// Not before it can be told to end: who reads of its start may have it stopped at once.
journal('start');
if (missing(when.LIVE_WHEN)) {
  console.error('these are my last words');
  process.exit(3);
}
await until(LISTEN_WHEN);
const server = createServer(serve).listen(Number(PORT), '127.0.0.1');
const sockets = new WebSocketServer({ server });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`echo ${data}`)));
