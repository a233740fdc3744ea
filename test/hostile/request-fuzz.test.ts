import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { mutated, pieces, randomNumbers } from '../kit/fuzz.js';
import { type Bench, left, startBench, until } from '../kit/http-bench.js';
import { type StrictInstance, startStrictInstance } from '../kit/strict-instance.js';

const ROUNDS = 4000;
const AT_ONCE = 48;
/** So that what never ends by itself ends soon. */
const proxy = { limits: { headerTimeout: '2s', bodyTimeout: '2s', keepAlive: '2s' } };

const POST = 'POST /p HTTP/1.1\r\nHost: a\r\n';
const SEEDS = [
  'GET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nCookie: d=e\r\n\r\n',
  'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\nDELETE /3 HTTP/1.1\r\nHost: a\r\n\r\n',
  `${POST}Content-Length: 11\r\n\r\nhello world`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5;e=1\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n`,
  `${POST}Content-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\nHost: a\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n`,
  `${POST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
  'GET http://a/abs HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n',
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET /in HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /h2 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /old2 HTTP/1.0\r\n\r\n',
];
const BITS = [
  ...['\r\n', '\r', '\n', '\r\n\r\n', ' ', '\t', ':', '0', 'f', ';', ',', '\0', '\xff', '\x0b', '-', '+1'],
  ...['chunked', 'identity', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'Host: b\r\n'],
  ...['0\r\n\r\n', 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n', '/../', '%2e', 'HTTP/1.1', 'Connection: Host\r\n'],
  ...[
    'Connection: Content-Length\r\n',
    'Upgrade: x\r\n',
    'Expect: 100-continue\r\n',
    'X-Request-Id: mine\r\n',
  ],
];
/** Bytes that parsers were seen to differ over, here or elsewhere: looked at in every run. */
const KEPT = [
  `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n`,
  `${POST}Connection: Content-Length\r\nContent-Length: 34\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`,
  `${POST}Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5;\nhello\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 9\r\nHost: b\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n0\r\nX: 1\rGET /y HTTP/1.1\r\nHost: a\r\n\r\n`,
  `${POST}Content-Length: 00005\r\n\r\nhello`,
  `${POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
  `${POST}Content-Length: 5\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhelloGET /x HTTP/1.1\r\nHost: a\r\n\r\n`,
  'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost:V a\r\n\r\nDELETE /3 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /h2 HTTP/1.1\r\nHo:st: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  '\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine\r\nX-Request-Id: mine\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodyGET /b HTTP/1.1\r\nHost: a\r\n\r\n',
];

/** Sent behind it all: where what came before is whole and right, the proxy ends the connection after this. */
const END = 'GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** Where the proxy waits for more after this, it is told that there is none. A bound of patience, of nothing else. */
const PATIENCE_MS = 250;

/** Sends pieces, and waits until the proxy has ended the connection. */
async function play(bench: Bench, parts: readonly Buffer[]): Promise<void> {
  const peer = await bench.client(true);
  for (const part of parts) peer.socket.write(part);
  peer.send(END);
  const patience = setTimeout(() => peer.socket.end(), PATIENCE_MS);
  await left(peer);
  clearTimeout(patience);
  peer.socket.destroy();
}

interface Line {
  msg?: string;
  req?: string;
  method?: string;
  status?: number;
}

/** Every request that came to the instance is one that the proxy knows of, once, and the other way round. */
function assertCountedAlike(bench: Bench, { requests, faults }: StrictInstance): void {
  assert.deepEqual(faults, []);
  const known = new Map<string, Line>();
  for (const line of bench.lines as Line[]) {
    if (line.msg === 'request' && line.req !== undefined) known.set(line.req, line);
  }
  const seen = new Set<string>();
  for (const { method, target, ids } of requests) {
    const [id = ''] = ids;
    const what = `${method} ${target} ${ids}`;
    assert.equal(ids.length, 1, what);
    assert.ok(!seen.has(id), `twice: ${what}`);
    seen.add(id);
    assert.equal(known.get(id)?.method, method, what);
  }
  for (const [id, { status }] of known) if (status === 200) assert.ok(seen.has(id), `never came: ${id}`);
}

async function strictBench(t: TestContext): Promise<{ bench: Bench; instance: StrictInstance }> {
  const bench = await startBench(t, { proxy });
  const instance = await startStrictInstance(t);
  bench.gate.wake('app', instance.port);
  return { bench, instance };
}

async function finish(bench: Bench, instance: StrictInstance): Promise<void> {
  await until(() => bench.door.running() === 0 && bench.gate.open === 0);
  assertCountedAlike(bench, instance);
  // It is all there still.
  const text = await bench.exchange('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(text, /^HTTP\/1\.1 200 /);
}

test('what parsers were seen to differ over is counted alike by the proxy and a strict instance', async (t) => {
  const { bench, instance } = await strictBench(t);
  for (const text of [...KEPT, ...SEEDS]) {
    await play(bench, [Buffer.from(text, 'latin1')]);
    await play(
      bench,
      [...text].map((char) => Buffer.from(char, 'latin1')),
    );
    await until(() => bench.door.running() === 0);
    assertCountedAlike(bench, instance);
  }
  await finish(bench, instance);
});

test('however broken requests are, nothing crashes or hangs, and proxy and instance count them alike', async (t) => {
  const { bench, instance } = await strictBench(t);
  let round = 0;
  const worker = async (): Promise<void> => {
    while (round < ROUNDS) {
      const seed = ++round;
      const random = randomNumbers(seed);
      const text = mutated(SEEDS[random(SEEDS.length)] ?? '', BITS, random);
      const faults = instance.faults.length;
      await play(bench, pieces(text, random));
      assert.deepEqual(instance.faults.slice(faults), [], `about seed ${seed}: ${JSON.stringify(text)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  assert.ok(instance.requests.length > ROUNDS / 4, `${instance.requests.length} requests came through`);
  await finish(bench, instance);
});
