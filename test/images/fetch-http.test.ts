import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Fetching, imageServer, settings } from '../kit/fetching.js';
import type { Behaviour, ImageServer } from '../kit/image-server.js';

test('IP2: the bytes of a URL come into the file, with their digest and the URL that gave them', async (t) => {
  const server = await imageServer(t);
  const fetching = new Fetching(t);
  const fetched = await fetching.fetch({ urls: [server.url], digests: { sha256: server.sha256 } });
  assert.deepEqual(fetched, {
    bytes: server.bytes.length,
    sha256: server.sha256,
    from: server.url,
    warnings: [],
  });
  assert.deepEqual(readFileSync(fetching.part), server.bytes);
  assert.deepEqual(fetching.reserved, [server.bytes.length]);
});

test('IPF1: the progress tells bytes and total while they come', async (t) => {
  const server = await imageServer(t, randomBytes(5_000_000));
  const fetching = new Fetching(t);
  await fetching.fetch({ urls: [server.url] });
  const seen = fetching.progress.filter(({ step }) => step === 'fetching');
  assert.ok(seen.length > 2, `${seen.length} reports`);
  assert.ok(seen.every(({ total }) => total === 5_000_000));
  assert.equal(seen.at(-1)?.bytes, 5_000_000);
});

test('IPF2: a server that tells no length is fetched from, with room asked for in steps', async (t) => {
  const server = await imageServer(t, randomBytes(5_000_000), { chunked: true });
  const fetching = new Fetching(t);
  await fetching.fetch({ urls: [server.url] }, settings({ reserveStepBytes: 1_000_000 }));
  assert.deepEqual(readFileSync(fetching.part), server.bytes);
  assert.ok(fetching.reserved.length > 1);
  assert.ok((fetching.reserved.at(-1) ?? 0) >= 5_000_000);
});

for (const [name, behaviour] of [
  ['closes', {}],
  ['tells no length and closes', { chunked: true }],
] as const) {
  test(`IPF3: a server that ${name} every few hundred KB is resumed, and sends nothing twice`, async (t) => {
    const server = await imageServer(t, randomBytes(3_000_000), {
      breaksAfter: 400_000,
      closes: true,
      ...behaviour,
    });
    const { sha256 } = await new Fetching(t).fetch({ urls: [server.url] });
    assert.equal(sha256, server.sha256);
    assert.equal(server.requests.length, 8);
    assert.equal(server.sent, server.bytes.length);
    assert.ok(server.requests.slice(1).every(({ headers }) => headers['if-range'] === '"one"'));
  });
}

test('IPF3: a server that resets its connections every few hundred KB is resumed', async (t) => {
  const server = await imageServer(t, randomBytes(3_000_000), { breaksAfter: 400_000 });
  const { sha256 } = await new Fetching(t).fetch({ urls: [server.url] });
  assert.equal(sha256, server.sha256);
});

test('IPF3, IP11: what an earlier call left is resumed by its validator', async (t) => {
  const server = await imageServer(t, undefined, { breaksAfter: 100_000, closes: true });
  const fetching = new Fetching(t);
  await leaveBeginning(fetching, server);
  const { sha256 } = await fetching.fetch({ urls: [server.url] });
  assert.equal(sha256, server.sha256);
  assert.equal(server.sent, server.bytes.length);
});

test('IPF3: what changed at the URL meanwhile comes whole', async (t) => {
  const server = await imageServer(t, undefined, { breaksAfter: 100_000, closes: true });
  const fetching = new Fetching(t);
  await leaveBeginning(fetching, server);
  server.bytes = randomBytes(200_000);
  server.behaviour = { etag: '"two"' };
  const { sha256 } = await fetching.fetch({ urls: [server.url] });
  assert.equal(sha256, server.sha256);
});

test('IPF3: without a strong validator and a digest nothing is put together from two answers', async (t) => {
  const server = await imageServer(t, undefined, { etag: 'W/"one"', breaksAfter: 100_000, closes: true });
  const fetching = new Fetching(t);
  await leaveBeginning(fetching, server);
  const { sha256 } = await fetching.fetch({ urls: [server.url] });
  assert.equal(sha256, server.sha256);
  assert.ok(server.requests.every(({ headers }) => headers.range === undefined));
});

test('IPF3: a Last-Modified of long ago is a validator', async (t) => {
  const lastModified = 'Tue, 03 Mar 2020 10:00:00 GMT';
  const server = await imageServer(t, undefined, {
    etag: undefined,
    lastModified,
    breaksAfter: 100_000,
    closes: true,
  });
  const fetching = new Fetching(t);
  await leaveBeginning(fetching, server);
  const { sha256 } = await fetching.fetch({ urls: [server.url] });
  assert.equal(sha256, server.sha256);
  assert.equal(server.requests.at(-1)?.headers['if-range'], lastModified);
  assert.equal(server.sent, server.bytes.length);
});

test('IPF3: where nothing is missing any more nothing is fetched again, whatever page says so', async (t) => {
  const server = await imageServer(t);
  server.behaviour.instead = ({ headers: { range } }, response) => {
    if (range === undefined) return false;
    response.writeHead(416, { 'content-range': `bytes */${server.bytes.length}` }).end('<h1>416</h1>');
    return true;
  };
  const fetching = new Fetching(t);
  writeFileSync(fetching.part, server.bytes);
  const { sha256 } = await fetching.fetch({ urls: [server.url], digests: { sha256: server.sha256 } });
  assert.equal(sha256, server.sha256);
  assert.equal(server.sent, 0);
});

test('IPF3: a server that knows no ranges sends all again', async (t) => {
  const server = await imageServer(t, undefined, { ignoresRanges: true, breaksAfter: 100_000, closes: true });
  const fetching = new Fetching(t);
  await leaveBeginning(fetching, server);
  const { sha256 } = await fetching.fetch({ urls: [server.url] });
  assert.equal(sha256, server.sha256);
  assert.equal(server.sent, 100_000 + server.bytes.length);
});

test('a mirror goes on from where another one ended, when the digest is known', async (t) => {
  const first = await imageServer(t, undefined, { breaksAfter: 100_000, closes: true });
  const second = await imageServer(t, first.bytes, { etag: '"another"' });
  const fetching = new Fetching(t);
  first.behaviour.instead = notFoundAfterFirst(first);
  const { from } = await fetching.fetch({ urls: [first.url, second.url], digests: { sha256: first.sha256 } });
  assert.equal(from, second.url);
  assert.equal(first.sent + second.sent, first.bytes.length);
});

test('a mirror sends all when no digest is known', async (t) => {
  const first = await imageServer(t, undefined, { breaksAfter: 100_000, closes: true });
  const second = await imageServer(t);
  const fetching = new Fetching(t);
  first.behaviour.instead = notFoundAfterFirst(first);
  const { sha256 } = await fetching.fetch({ urls: [first.url, second.url] });
  assert.equal(sha256, second.sha256);
});

/** Answers 404 to all requests but the first. */
const notFoundAfterFirst =
  (server: ImageServer): NonNullable<Behaviour['instead']> =>
  (_request, response) => {
    if (server.requests.length === 1) return false;
    response.writeHead(404).end();
    return true;
  };

/** A call that ends after the first answer of a server that breaks; afterwards the server is in order. */
async function leaveBeginning(fetching: Fetching, server: ImageServer): Promise<void> {
  server.behaviour.instead = notFoundAfterFirst(server);
  await assert.rejects(fetching.fetch({ urls: [server.url] }), { code: 'IMAGE_REFUSED' });
  const { instead, breaksAfter, ...rest } = server.behaviour;
  server.behaviour = rest;
}
