import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  answering,
  dial,
  GET,
  left,
  OK,
  settled,
  startBench,
  startInstance,
  until,
} from '../kit/http-bench.js';
import { httpServer } from '../kit/http-server.js';

/** Serves one connection after the other with this answer, and tells how many connections two requests took. */
async function connectionsFor(t: Parameters<typeof startBench>[0], answer: string): Promise<number> {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(answer));
  bench.gate.wake('app', instance.port);
  for (let i = 0; i < 2; i++) assert.match(await bench.exchange(GET), /^HTTP\/1\.1 200 [\s\S]*ok/);
  return instance.peers.length;
}

test('an answer that ends the connection is followed by a new one', async (t) => {
  const answer = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok';
  assert.equal(await connectionsFor(t, answer), 2);
});

test('a connection is not kept for longer than the instance says it will', async (t) => {
  const answer = 'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok';
  assert.equal(await connectionsFor(t, answer), 2);
});

test('chunks with extensions leave the connection usable', async (t) => {
  const answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x="y"\r\nok\r\n0;z\r\n\r\n';
  assert.equal(await connectionsFor(t, answer), 1);
});

test('bytes that come while nothing was asked end the connection, a stray CRLF too', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange(GET);
  const first = await instance.peer(0);
  first.send('\r\n');
  await left(first);
  assert.match(await bench.exchange(GET), /\r\n\r\nok$/);
  assert.equal(instance.peers.length, 2);
});

test('a connection whose answer came before the end of the body is not used again', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (peer) => {
    peer.socket.once('data', () => peer.send(OK));
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin');
  await client.sees('\r\n\r\nok');
  await left(await instance.peer(0));
  await bench.exchange(GET);
  assert.equal(instance.peers.length, 2);
});

test('a series of 1xx comes before the answer, whose connection is used again', async (t) => {
  const series = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n';
  assert.equal(await connectionsFor(t, series + OK), 1);
});

test('an instance that closes within the head is answered 502', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (peer) => {
    peer.socket.once('data', () => peer.socket.end('HTTP/1.1 200 OK\r\nContent-Le'));
  });
  bench.gate.wake('app', instance.port);
  assert.match(await bench.exchange(GET), /^HTTP\/1\.1 502 [\s\S]*UPSTREAM_FAILED/);
});

test('a chunk too large to count cuts the client off', async (t) => {
  const bench = await startBench(t);
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n';
  const instance = await startInstance(t, answering(head));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send(GET);
  await client.sees('ok');
  (await instance.peer(0)).send('FFFFFFFFFFFFFFFFF\r\n');
  await client.closed();
  assert.doesNotMatch(client.text, /\r\n0\r\n/);
});

test('a target that another server has rewritten writes no lines of its own', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  for (const url of ['/a\r\nX-Evil: 1', '/a\u010d\u010aX-Evil: 1', '/a b', '']) {
    const other = await httpServer(t, (request, response) => {
      request.url = url;
      bench.door.handle(request, response);
    });
    const client = await dial(t, other.endpoint.port);
    client.send(GET);
    await client.closed();
    assert.match(client.text, /^HTTP\/1\.1 400 /);
  }
  assert.equal(instance.peers.length, 0);
});

test('a client that names another host on the same connection is told of by that', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  for (const host of ['one.example', 'two.example:81']) {
    client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const peer = await instance.peer(0);
    await peer.sees(`X-Forwarded-Host: ${host}\r\n`);
    await peer.sees(`host="${host}"`);
    await until(() => bench.gate.open === 0);
  }
});

const CLIENTS = 8;
const PIECES = 60;

/** A body that is another one for each client, in pieces of every size. */
function piecesFor(client: number): Buffer[] {
  return Array.from({ length: PIECES }, (_, i) =>
    Buffer.alloc(1 + ((i * 7919 + client * 104729) % 90_000), `<${client}:${i}>`),
  );
}

test('bodies of many connections at once, read slowly, arrive each as it was sent', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (peer) => {
    peer.socket.once('data', async () => {
      const pieces = piecesFor(Number(/GET \/(\d+)/.exec(peer.text)?.[1]));
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
      for (const piece of pieces) if (!peer.socket.write(piece)) await once(peer.socket, 'drain');
    });
  });
  bench.gate.wake('app', instance.port);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => bench.client()));
  clients.forEach(({ socket }, i) => {
    socket.on('data', () => {
      socket.pause();
      setImmediate(() => socket.resume());
    });
    socket.write(`GET /${i} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  });
  await Promise.all(clients.map((client) => client.closed()));
  clients.forEach(({ text }, i) => {
    const body = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1');
    assert.ok(body.equals(Buffer.concat(piecesFor(i))), `client ${i}`);
  });
});

test('a body in small pieces that a stopped client leaves waiting arrives as it was sent', async (t) => {
  const bench = await startBench(t);
  const pieces = Array.from({ length: 2500 }, (_, i) => Buffer.alloc(3000, `<${i}>`));
  let sent = 0;
  const instance = await startInstance(t, (peer) => {
    peer.socket.once('data', async () => {
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${3000 * pieces.length}\r\n\r\n`);
      for (const piece of pieces) {
        if (!peer.socket.write(piece)) await once(peer.socket, 'drain');
        await new Promise(setImmediate);
        sent++;
      }
    });
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.socket.pause();
  client.send(GET);
  await until(() => sent > 0);
  await settled(() => sent);
  client.socket.resume();
  await client.closed();
  const body = Buffer.from(client.text.slice(client.text.indexOf('\r\n\r\n') + 4), 'latin1');
  assert.ok(body.equals(Buffer.concat(pieces)));
});

test('a chunked upload arrives piece by piece, in chunks of its own', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, (peer) => {
    peer.socket.on('data', () => {
      if (peer.text.endsWith('0\r\n\r\n')) peer.send(OK);
    });
  });
  bench.gate.wake('app', instance.port);
  const client = await bench.client();
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n');
  const peer = await instance.peer(0);
  await peer.sees('\r\n\r\n3\r\nabc\r\n');
  client.send('A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n');
  await client.sees('\r\n\r\nok');
  assert.match(peer.text, /\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n$/);
  await until(() => bench.gate.open === 0);
});
