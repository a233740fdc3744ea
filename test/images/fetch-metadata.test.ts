import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import {
  type FetchedMetadata,
  fetchMetadata,
  type MetadataSource,
} from '../../activities/images/fetch/index.js';
import { partsOf } from '../../activities/images/fetch/metadata/parts.js';
import { eventually } from '../kit/conditions.js';
import { Fetching, imageServer, settings } from '../kit/fetching.js';
import type { ImageServer } from '../kit/image-server.js';

const hash = (algorithm: string, bytes: Buffer | string): string =>
  createHash(algorithm).update(bytes).digest('hex');

const xmlOf = (images: readonly { type: string; signature: string; url: string }[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!-- of a site -->\n<images>\n${images
    .map(
      ({ type, signature, url }) =>
        `<image><type>${type}</type><signature>${signature}</signature><url>${url}</url></image>`,
    )
    .join('\n')}\n</images>\n`;

/** Files by their path on one server. */
async function site(
  t: TestContext,
): Promise<{ server: ImageServer; files: Map<string, Buffer>; base: string }> {
  const files = new Map<string, Buffer>();
  const server = await imageServer(t, undefined, {
    instead: (request, response) => {
      const bytes = files.get(request.url ?? '');
      if (bytes === undefined) response.writeHead(404).end();
      else response.end(bytes);
      return true;
    },
  });
  return { server, files, base: `http://127.0.0.1:${server.port}` };
}

/** Digests of a file of a site: who gives them vouches for the parts. */
const vouched = (files: Map<string, Buffer>, path: string): { sha256: string } => ({
  sha256: hash('sha256', files.get(path) ?? ''),
});

const fetchIt = (
  fetching: Fetching,
  source: Omit<MetadataSource, 'trusted'>,
  some = {},
): Promise<FetchedMetadata> =>
  fetchMetadata({ trusted: true, ...source }, fetching.folder, settings(some), fetching.context);

test('IP3: a metadata file names parts, each with its hash; its GUID is its own hash', async (t) => {
  const { files, base } = await site(t);
  const parts = { kernel: randomBytes(300_000), ramdisk: randomBytes(200_000), root: randomBytes(100_000) };
  for (const [name, bytes] of Object.entries(parts)) files.set(`/${name}`, bytes);
  const xml = xmlOf([
    { type: 'ZFILESYSTEM', signature: hash('sha256', parts.root), url: `${base}/root` },
    { type: 'KERNEL', signature: hash('sha1', parts.kernel), url: `${base}/kernel` },
    { type: 'RAMDISK', signature: hash('sha512', parts.ramdisk), url: `${base}/ramdisk` },
  ]);
  files.set('/image.xml', Buffer.from(xml));
  const fetching = new Fetching(t);
  const fetched = await fetchIt(fetching, {
    urls: [`${base}/image.xml`],
    digests: {},
    guid: hash('sha1', xml),
  });
  assert.equal(fetched.sha256, hash('sha256', xml));
  const seen = fetched.parts.map(({ name, type, file }) => [name, type, hash('sha256', readFileSync(file))]);
  assert.deepEqual(seen, [
    ['raw', 'raw', hash('sha256', parts.root)],
    ['kernel', 'kernel', hash('sha256', parts.kernel)],
    ['ramdisk', 'ramdisk', hash('sha256', parts.ramdisk)],
  ]);
  assert.match(fetched.warnings.join(), /sha1 alone is weak/);
  assert.ok((fetching.reserved.at(-1) ?? 0) >= 600_000);
});

test('IP3: a metadata file that is not what the GUID names is refused, and nothing of it is fetched', async (t) => {
  const { server, files, base } = await site(t);
  files.set(
    '/image.xml',
    Buffer.from(xmlOf([{ type: 'KERNEL', signature: 'a'.repeat(64), url: `${base}/kernel` }])),
  );
  const fetching = new Fetching(t);
  await assert.rejects(
    fetchIt(fetching, { urls: [`${base}/image.xml`], digests: {}, guid: 'b'.repeat(40) }),
    {
      code: 'IMAGE_DIGEST_MISMATCH',
    },
  );
  assert.equal(server.requests.length, 1);
  assert.deepEqual(fetching.left(), []);
});

test('IP3: one part that is not what its hash names fails the image, and all parts are deleted', async (t) => {
  const { files, base } = await site(t);
  const [good, bad] = [randomBytes(10_000), randomBytes(10_000)];
  files.set('/good', good).set('/bad', bad);
  files.set(
    '/image.xml',
    Buffer.from(
      xmlOf([
        { type: 'KERNEL', signature: hash('sha256', good), url: `${base}/good` },
        { type: 'RAMDISK', signature: hash('sha256', 'else'), url: `${base}/bad` },
      ]),
    ),
  );
  const fetching = new Fetching(t);
  await assert.rejects(
    fetchIt(fetching, { urls: [`${base}/image.xml`], digests: vouched(files, '/image.xml') }),
    {
      code: 'IMAGE_DIGEST_MISMATCH',
      message: new RegExp(`${hash('sha256', bad)} instead of ${hash('sha256', 'else')}`),
    },
  );
  assert.deepEqual(fetching.left(), []);
});

test('IP5: parts are fetched in parallel, so many at a time', async (t) => {
  const { server, files, base } = await site(t);
  const contents = Array.from({ length: 5 }, () => randomBytes(1000));
  const images = contents.map((bytes, index) => ({
    type: 'file',
    signature: hash('sha256', bytes),
    url: `${base}/${index}`,
  }));
  files.set('/image.json', Buffer.from(JSON.stringify({ images })));
  const held: [ServerResponse, Buffer][] = [];
  const plain = server.behaviour.instead;
  server.behaviour.instead = (request, response) => {
    const bytes = contents[Number(request.url?.slice(1))];
    if (bytes === undefined) return plain?.(request, response) ?? false;
    held.push([response, bytes]);
    return true;
  };
  const fetched = fetchIt(
    new Fetching(t),
    { urls: [`${base}/image.json`], digests: vouched(files, '/image.json') },
    { parts: 2 },
  );
  // Each has been asked for while the one before it was not answered yet, and no third one.
  for (let answered = 0; answered < 4; answered++) {
    await eventually('two are asked for', () => held.length === answered + 2);
    held[answered]?.[0].end(held[answered]?.[1]);
  }
  held[4]?.[0].end(held[4]?.[1]);
  assert.deepEqual(
    (await fetched).parts.map(({ name }) => name),
    ['file', 'file-2', 'file-3', 'file-4', 'file-5'],
  );
});

test('IP3: parts of a metadata file that nobody vouches for lead to no private address', async (t) => {
  const { files, base } = await site(t);
  const bytes = randomBytes(1000);
  files.set('/kernel', bytes);
  const xml = xmlOf([{ type: 'KERNEL', signature: hash('sha256', bytes), url: `${base}/kernel` }]);
  files.set('/image.xml', Buffer.from(xml));
  const urls = [`${base}/image.xml`] as const;
  await assert.rejects(fetchIt(new Fetching(t), { urls, digests: {} }), { code: 'IMAGE_ADDRESS_REFUSED' });
  const { parts } = await fetchIt(new Fetching(t), { urls, digests: { sha256: hash('sha256', xml) } });
  assert.equal(parts.length, 1);
});

test('IP3: credentials go to parts of the same origin, and to no other', async (t) => {
  const [own, other] = [await site(t), await site(t)];
  const bytes = randomBytes(1000);
  own.files.set('/kernel', bytes);
  other.files.set('/ramdisk', bytes);
  const signature = hash('sha256', bytes);
  const xml = xmlOf([
    { type: 'KERNEL', signature, url: `${own.base}/kernel` },
    { type: 'RAMDISK', signature, url: `${other.base}/ramdisk` },
  ]);
  own.files.set('/image.xml', Buffer.from(xml));
  const credentials = { header: 'authorization', value: 'Bearer secret' };
  await fetchIt(new Fetching(t), {
    urls: [`${own.base}/image.xml`],
    digests: { sha256: hash('sha256', xml) },
    credentials,
  });
  assert.deepEqual(
    own.server.requests.map(({ headers }) => headers.authorization),
    ['Bearer secret', 'Bearer secret'],
  );
  assert.deepEqual(
    other.server.requests.map(({ headers }) => headers.authorization),
    [undefined],
  );
});

test('a metadata file larger than allowed is not read', async (t) => {
  const server = await imageServer(t, Buffer.alloc(5000, 32));
  await assert.rejects(
    fetchIt(new Fetching(t), { urls: [server.url], digests: {} }, { maxMetadataBytes: 4000 }),
    {
      code: 'IMAGE_TOO_LARGE',
    },
  );
});

test('types are ImageProxy’s in capitals, file systems by what is around them, or those of reveille.yaml', () => {
  const signature = 'a'.repeat(64);
  const images = [
    ['FILESYSTEM', 'https://example.org/root.img'],
    ['ZFILESYSTEM', 'https://example.org/root.tgz?x=1'],
    ['QCOW2', 'https://example.org/disk'],
    ['oci', 'https://example.org/app.tar'],
  ].map(([type, url]) => ({ type, url, signature }));
  assert.deepEqual(
    partsOf(JSON.stringify({ images })).map(({ type }) => type),
    ['raw', 'filesystem', 'qcow2', 'oci'],
  );
});

test('an ampersand in a URL is written as XML wants it', () => {
  const xml = xmlOf([{ type: 'KERNEL', signature: 'a'.repeat(40), url: 'https://example.org/?a=1&amp;b=2' }]);
  assert.equal(partsOf(xml)[0]?.url, 'https://example.org/?a=1&b=2');
});

const image = '<image><type>KERNEL</type><signature>x</signature><url>u</url></image>';
for (const [what, text] of Object.entries({
  'entities of its own': `<!DOCTYPE images [<!ENTITY a "aaaa">]><images>${image}</images>`,
  'an entity that nobody declared': '<images><image><type>&file;</type></image></images>',
  'an attribute': '<images xmlns="x"></images>',
  CDATA: '<images><![CDATA[x]]></images>',
  'an element without an end': '<images><image></images>',
  'an end without a beginning': '</images>',
  'two roots': '<images></images><images></images>',
  'elements without end within each other': '<a>'.repeat(100),
  'another root': '<html></html>',
  'no parts': '<images></images>',
  'a part without a hash': '<images><image><type>KERNEL</type><url>u</url></image></images>',
  'a hash that is none': `<images>${image}</images>`,
  'broken JSON': '{"images": [',
  'a key that is not known': `{"images": [{"type": "KERNEL", "url": "u", "signature": "${'a'.repeat(64)}", "x": 1}]}`,
  nothing: '',
})) {
  test(`a metadata file with ${what} is refused`, () => {
    assert.throws(() => partsOf(text), { code: 'IMAGE_METADATA_INVALID' });
  });
}
