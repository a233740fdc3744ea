import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { Lane, LaneUser } from '../../proxy/lane.js';
import { Upstream } from '../../proxy/upstream.js';
import { eventually } from '../kit/conditions.js';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const LONG_MS = 3_600_000;

/** An instance that answers when it is told to. */
async function instance(t: TestContext) {
  const connections: { socket: Socket; heard: string }[] = [];
  const server = createServer((socket) => {
    const connection = { socket, heard: '' };
    connections.push(connection);
    socket.on('data', (chunk) => {
      connection.heard += chunk;
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const { socket } of connections) socket.destroy();
    server.close();
  });
  const endpoint = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  const hears = (n: number, text: string) =>
    eventually(`connection ${n} hears ${text}`, () => connections[n]?.heard.includes(text));
  return { connections, endpoint, hears, answer: (n: number) => connections[n]?.socket.write(ANSWER) };
}

/** Sends its name when its turn has come. */
class Request implements LaneUser {
  failure: Error | undefined;
  lane: Lane;
  constructor(upstream: Upstream, name: string, fresh = false) {
    this.name = name;
    this.lane = upstream.take(fresh);
    this.lane.use(this, false);
  }
  private readonly name: string;
  connected(lane: Lane): void {
    this.lane = lane;
    lane.requestOver = true;
    lane.write(`GET /${this.name} HTTP/1.1\r\n\r\n`);
  }
  failed(error: Error): void {
    this.failure = error;
  }
  readOver(): boolean {
    return true;
  }
  drained(): void {}
  completed(): void {}
  interim(): void {}
  head(): void {}
  data(): void {}
}

test('a request over the number of new connections goes out on the first one that comes back', async (t) => {
  const { connections, endpoint, hears, answer } = await instance(t);
  const upstream = new Upstream(endpoint, 1, { max: 1, ms: LONG_MS });
  new Request(upstream, 'first');
  new Request(upstream, 'second');
  await hears(0, '/first ');
  answer(0);
  await hears(0, '/second ');
  assert.equal(connections.length, 1);
  upstream.retire();
});

test('one that may not use a used connection gets its own when there is room', async (t) => {
  const { connections, endpoint, hears, answer } = await instance(t);
  const upstream = new Upstream(endpoint, 1, { max: 1, ms: LONG_MS });
  new Request(upstream, 'first');
  new Request(upstream, 'second', true);
  await hears(0, '/first ');
  answer(0);
  await hears(1, '/second ');
  assert.equal(connections[0]?.heard.includes('second'), false);
  upstream.retire();
});

test('an instance that takes its time to answer keeps nobody waiting for a turn', async (t) => {
  const { endpoint, hears } = await instance(t);
  const upstream = new Upstream(endpoint, 1, { max: 1, ms: 1 });
  new Request(upstream, 'first');
  new Request(upstream, 'second');
  new Request(upstream, 'third');
  await hears(2, '/third ');
  upstream.retire();
});

test('where nobody listens, who waits for a turn is told at once', async (t) => {
  const { endpoint } = await instance(t);
  const upstream = new Upstream({ ...endpoint, host: '127.0.0.2' }, 1, { max: 1, ms: LONG_MS });
  const requests = ['first', 'second', 'third'].map((name) => new Request(upstream, name));
  await eventually('all have failed', () => requests.every(({ failure }) => failure !== undefined));
});

test('who leaves gives up its turn, and its place', async (t) => {
  const { connections, endpoint, hears } = await instance(t);
  const upstream = new Upstream(endpoint, 1, { max: 1, ms: LONG_MS });
  const first = new Request(upstream, 'first');
  const second = new Request(upstream, 'second');
  new Request(upstream, 'third');
  await hears(0, '/first ');
  second.lane.destroy();
  first.lane.destroy();
  await hears(1, '/third ');
  assert.equal(connections.length, 2);
  upstream.retire();
});
