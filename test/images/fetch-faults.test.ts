import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { Fetching, imageServer, settings } from '../kit/fetching.js';
import type { Behaviour } from '../kit/image-server.js';
import { freePorts } from '../kit/ports.js';

const WRONG = 'a'.repeat(64);

test('IP3: a wrong hash removes the bytes and fails with both hashes', async (t) => {
  const server = await imageServer(t);
  const fetching = new Fetching(t);
  await assert.rejects(fetching.fetch({ urls: [server.url], digests: { sha256: WRONG } }), {
    code: 'IMAGE_DIGEST_MISMATCH',
    message: `${server.url}: sha256 ${server.sha256} instead of ${WRONG}`,
  });
  assert.deepEqual(fetching.left(), []);
});

test('a mirror with the right bytes mends one with wrong ones', async (t) => {
  const wrong = await imageServer(t);
  const right = await imageServer(t);
  const { from } = await new Fetching(t).fetch({
    urls: [wrong.url, right.url],
    digests: { sha256: right.sha256 },
  });
  assert.equal(from, right.url);
});

test('IPF3: halves that do not belong together are fetched once more in one piece', async (t) => {
  const other = await imageServer(t, undefined, { breaksAfter: 100_000, closes: true, etag: undefined });
  const right = await imageServer(t);
  const digests = { sha256: right.sha256 };
  const fetching = new Fetching(t);
  other.behaviour.instead = (_request, response) => {
    if (other.requests.length > 1) response.writeHead(404).end();
    return other.requests.length > 1;
  };
  const { sha256 } = await fetching.fetch({ urls: [other.url, right.url], digests });
  assert.equal(sha256, right.sha256);
  assert.deepEqual(
    right.requests.map(({ headers }) => headers.range),
    ['bytes=100000-', undefined],
  );
});

test('IPF4: a sha1 alone is checked, and said to be weak; a sha512 is not', async (t) => {
  const server = await imageServer(t, Buffer.from('abc'));
  const sha1 = 'a9993e364706816aba3e25717850c26c9cd0d89d';
  const weak = await new Fetching(t).fetch({ urls: [server.url], digests: { sha1 } });
  assert.match(weak.warnings.join(), /sha1 alone is weak/);
  const sha512 =
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f';
  const strong = await new Fetching(t).fetch({ urls: [server.url], digests: { sha512 } });
  assert.deepEqual(strong.warnings, []);
  await assert.rejects(
    new Fetching(t).fetch({ urls: [server.url], digests: { sha1: sha1.replace('a', 'b') } }),
    {
      code: 'IMAGE_DIGEST_MISMATCH',
    },
  );
});

/** What a server does, what the error is called, and what it says. */
const SERVERS: [string, Behaviour, string, RegExp][] = [
  ['answers 404', { instead: status(404) }, 'IMAGE_REFUSED', /answered 404/],
  ['answers 503 again and again', { instead: status(503) }, 'IMAGE_REFUSED', /answered 503/],
  ['sends nothing', { instead: () => true }, 'IMAGE_STALLED', /no answer within/],
  [
    'stops in the middle',
    { instead: raw('Content-Length: 9\r\n\r\nhello', false) },
    'IMAGE_STALLED',
    /nothing came/,
  ],
  [
    'sends less than it says',
    { instead: raw('Content-Length: 9\r\n\r\nhello', true) },
    'IMAGE_LENGTH_WRONG',
    /all of the 9 bytes/,
  ],
  [
    'sends more than it says',
    { instead: raw('Content-Length: 3\r\n\r\nhello', true) },
    'IMAGE_LENGTH_WRONG',
    /sent more/,
  ],
  [
    'sends what is no HTTP',
    { instead: raw('Content-Length: many\r\n\r\nhello', true) },
    'IMAGE_UNREACHABLE',
    /Parse Error/,
  ],
  [
    'sends a part that nobody asked for',
    { instead: partial('bytes 0-4/9') },
    'IMAGE_REFUSED',
    /answered 206/,
  ],
];

for (const [name, behaviour, code, message] of SERVERS) {
  test(`a server that ${name} fails with ${code}`, async (t) => {
    const server = await imageServer(t, undefined, behaviour);
    const fetching = new Fetching(t);
    await assert.rejects(
      fetching.fetch({ urls: [server.url] }, settings(code === 'IMAGE_STALLED' ? { stallMs: 1500 } : {})),
      {
        code,
        message,
      },
    );
  });
}

test('a server that sends another part than asked for fails with IMAGE_LENGTH_WRONG', async (t) => {
  const server = await imageServer(t, undefined, { breaksAfter: 100_000, closes: true });
  server.behaviour.instead = (request, response) =>
    request.headers.range !== undefined && partial('bytes 5-9/300000')(request, response);
  await assert.rejects(new Fetching(t).fetch({ urls: [server.url] }), {
    code: 'IMAGE_LENGTH_WRONG',
    message: /asked for bytes from 100000 on, the server sent bytes 5-9\/300000/,
  });
});

test('an image larger than allowed is refused by its announced length, or when it gets there', async (t) => {
  for (const chunked of [false, true]) {
    const server = await imageServer(t, randomBytes(3_000_000), { chunked });
    const fetching = new Fetching(t);
    await assert.rejects(fetching.fetch({ urls: [server.url] }, settings({ maxBytes: 2_000_000 })), {
      code: 'IMAGE_TOO_LARGE',
    });
    assert.deepEqual(fetching.left(), []);
    assert.ok(fetching.reserved.every((bytes) => bytes <= 2_000_000));
  }
});

test('a server that is not there fails with IMAGE_UNREACHABLE', async (t) => {
  const [port] = await freePorts(1);
  await assert.rejects(new Fetching(t).fetch({ urls: [`http://127.0.0.1:${port}/x`] }), {
    code: 'IMAGE_UNREACHABLE',
  });
});

test('a server that accepts and never speaks TLS fails with IMAGE_STALLED', async (t) => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  t.after(() => server.close());
  const address = await eventually('it listens', () => server.address() ?? undefined);
  const port = typeof address === 'object' ? address.port : 0;
  await assert.rejects(
    new Fetching(t).fetch({ urls: [`https://127.0.0.1:${port}/x`] }, settings({ connectMs: 200 })),
    { code: 'IMAGE_STALLED', message: /no connection within 200 ms/ },
  );
});

test('a fetch that takes too long ends with IMAGE_TIMEOUT and keeps what came', async (t) => {
  const server = await imageServer(t, undefined, { instead: raw('Content-Length: 9\r\n\r\nhello', false) });
  const fetching = new Fetching(t);
  await assert.rejects(fetching.fetch({ urls: [server.url] }, settings({ wholeMs: 300 })), {
    code: 'IMAGE_TIMEOUT',
  });
  assert.ok(existsSync(fetching.part));
});

test('bounds of two months are not over at once', async (t) => {
  const server = await imageServer(t);
  const ms = 60 * 24 * 3_600_000;
  const bounds = settings({ wholeMs: ms, stallMs: ms, connectMs: ms });
  const { sha256 } = await new Fetching(t).fetch({ urls: [server.url] }, bounds);
  assert.equal(sha256, server.sha256);
});

test('an abort ends a fetch with its own reason', async (t) => {
  const server = await imageServer(t, undefined, { instead: () => true });
  const fetching = new Fetching(t);
  const fetched = fetching.fetch({ urls: [server.url] });
  await eventually('it asks', () => server.requests.length > 0);
  const reason = new Error('nobody wants it any more');
  fetching.abort.abort(reason);
  await assert.rejects(fetched, reason);
});

test('IP9: no room for it ends a fetch, and no mirror is tried', async (t) => {
  const server = await imageServer(t);
  const fetching = new Fetching(t);
  const full = new Error('Insufficient storage');
  fetching.context.reserve = async () => {
    throw full;
  };
  await assert.rejects(fetching.fetch({ urls: [server.url, server.url] }), full);
  assert.equal(server.requests.length, 1);
});

test('a server that is busy is asked again after a while', async (t) => {
  const server = await imageServer(t);
  server.behaviour.instead = (_request, response) => {
    if (server.requests.length > 1) return false;
    response.writeHead(429, { 'retry-after': '1' }).end();
    return true;
  };
  const { sha256 } = await new Fetching(t).fetch({ urls: [server.url] });
  assert.equal(sha256, server.sha256);
});

function status(code: number): NonNullable<Behaviour['instead']> {
  return (_request, response) => {
    response.writeHead(code).end();
    return true;
  };
}

/** Bytes as they are after the first line, and then the end of the connection, or not. */
function raw(text: string, ends: boolean): NonNullable<Behaviour['instead']> {
  return (_request, response) => {
    response.socket?.write(`HTTP/1.1 200 OK\r\n${text}`);
    if (ends) response.socket?.end();
    return true;
  };
}

function partial(range: string): NonNullable<Behaviour['instead']> {
  return (_request, response) => {
    response.writeHead(206, { 'content-range': range }).end('hello');
    return true;
  };
}
