import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { addedSource } from '../../activities/images/sources.js';
import { isReveilleError } from '../../errors/index.js';
import type { AddedImage } from '../../workflows/messages.js';
import { CONTEXT, ImageHost } from '../kit/image-host.js';

const SIZE = 300_000;

/** A server that answers every request in one manner. */
async function answering(t: TestContext, answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/image`;
}

const sending = (t: TestContext, bytes: Buffer) => answering(t, (_, response) => response.end(bytes));

async function climbing(): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name: '../../escaped' }, 'out');
  archive.finalize();
  return await buffer(archive);
}

interface Fault {
  url: (t: TestContext) => Promise<string>;
  image?: Partial<AddedImage>;
  settings?: object;
  trusted?: boolean;
  code: string;
  /** What came is gone on with by the next who asks. */
  keeps?: true;
}

const FAULTS: Record<string, Fault> = {
  'a budget that is too small': {
    url: (t) => sending(t, randomBytes(SIZE)),
    settings: { budget: '500KB' },
    code: 'IMAGE_NO_SPACE',
  },
  'a wrong hash': {
    url: (t) => sending(t, randomBytes(SIZE)),
    image: { sha256: 'a'.repeat(64) },
    code: 'IMAGE_DIGEST_MISMATCH',
  },
  'a truncated archive': {
    url: (t) => sending(t, gzipSync(randomBytes(SIZE)).subarray(0, SIZE / 2)),
    image: { compression: 'gzip' },
    code: 'IMAGE_ARCHIVE_INVALID',
  },
  'a bomb': {
    url: (t) => sending(t, gzipSync(Buffer.alloc(64_000_000, 'x'))),
    image: { compression: 'gzip' },
    settings: { unpack: { maxRatio: 10 } },
    code: 'IMAGE_UNPACKS_TOO_LARGE',
  },
  'a path that climbs': {
    url: async (t) => await sending(t, await climbing()),
    image: { type: 'filesystem' },
    code: 'IMAGE_ARCHIVE_UNSAFE',
  },
  'a server that stalls': {
    url: (t) =>
      answering(t, (_, response) => {
        response.writeHead(200, { 'content-length': SIZE }).write(randomBytes(SIZE / 2));
      }),
    settings: { fetch: { stall: '300ms', whole: '30s' } },
    code: 'IMAGE_STALLED',
    keeps: true,
  },
  'a server that lies about the length': {
    url: (t) =>
      answering(t, (request, response) => {
        const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
        response.writeHead(from > 0 ? 206 : 200, {
          'content-length': SIZE,
          ...(from > 0 ? { 'content-range': `bytes 0-${SIZE - 1}/${SIZE}` } : {}),
        });
        response.write(randomBytes(SIZE / 2), () => response.destroy());
      }),
    settings: { fetch: { stall: '1s', whole: '30s' } },
    code: 'IMAGE_LENGTH_WRONG',
  },
  'a redirect to a private address': {
    url: (t) =>
      answering(t, (_, response) => response.writeHead(302, { location: 'http://10.0.0.1/secret' }).end()),
    trusted: false,
    image: { sha256: 'a'.repeat(64) },
    code: 'IMAGE_ADDRESS_REFUSED',
  },
};

for (const [what, { url, image = {}, settings = {}, trusted = true, code, keeps }] of Object.entries(
  FAULTS,
)) {
  test(`${what} fails with ${code}, and leaves nothing behind`, async (t) => {
    const host = new ImageHost(t, {}, settings);
    const added = { urls: [await url(t)] as const, type: 'file', compression: 'auto', ...image };
    const { key } = addedSource(added);
    await assert.rejects(host.images.make({ ...host.input(key), added }, CONTEXT, trusted), (error) => {
      assert.equal(isReveilleError(error) ? error.code : String(error), code);
      return true;
    });
    const left = host.stored();
    assert.deepEqual(left, keeps ? [key] : []);
    const files = readdirSync(host.folder, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const large = files.filter((entry) => statSync(join(entry.parentPath, entry.name)).size > SIZE / 4);
    assert.ok(keeps === true || large.length === 0, `left: ${large.map(({ name }) => name)}`);
    assert.ok(!files.some(({ name }) => name === 'escaped'));
  });
}
