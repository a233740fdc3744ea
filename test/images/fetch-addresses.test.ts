import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reach, reachOf } from '../../activities/images/fetch/address-reach.js';
import { Fetching, imageServer, settings } from '../kit/fetching.js';
import type { Behaviour } from '../kit/image-server.js';

const REACHES: Record<Reach, string[]> = {
  public: [
    '8.8.8.8',
    '172.32.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ],
  private: [
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    'fd12::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
  ],
  loopback: [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
  ],
  special: [
    '0.0.0.0',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::127.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'fec0::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::7f00:1',
    '2002:a9fe:a9fe::',
    '2001:0:7f00:1::1',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    'localhost',
    '',
  ],
};

for (const [reach, addresses] of Object.entries(REACHES)) {
  test(`these addresses are ${reach}: in all forms that carry them`, () => {
    for (const address of addresses) assert.equal(reachOf(address), reach, address);
  });
}

test('a URL of somebody else does not lead to an address that is not public, in any spelling', async (t) => {
  const server = await imageServer(t);
  const { port } = server;
  const hosts = [
    '127.0.0.1',
    'localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '[::ffff:127.0.0.1]',
    '[::1]',
    '0',
  ];
  for (const host of hosts) {
    const source = {
      urls: [`http://${host}:${port}/`] as [string],
      trusted: false,
      digests: { sha256: server.sha256 },
    };
    await assert.rejects(new Fetching(t).fetch(source), { code: 'IMAGE_ADDRESS_REFUSED' }, host);
  }
  assert.equal(server.requests.length, 0);
  const allowed = { urls: [server.url] as [string], trusted: false };
  const { sha256 } = await new Fetching(t).fetch(allowed, settings({ allowPrivate: true }));
  assert.equal(sha256, server.sha256);
});

test('a redirect does not lead to a service of metadata, whoever named the URL', async (t) => {
  const server = await imageServer(t, undefined, {
    instead: redirect('http://169.254.169.254/latest/meta-data/'),
  });
  await assert.rejects(new Fetching(t).fetch({ urls: [server.url], digests: { sha256: 'a'.repeat(64) } }), {
    code: 'IMAGE_ADDRESS_REFUSED',
    message:
      'http://169.254.169.254/latest/meta-data/ is redirected to, and leads to 169.254.169.254, which is not public',
  });
});

test('redirects are followed, ten at the most', async (t) => {
  const server = await imageServer(t);
  server.behaviour.instead = (request, response) => {
    const left = Number(/^\/left\/(\d+)$/.exec(request.url ?? '')?.[1] ?? 0);
    return left > 0 && redirect(left === 1 ? '/image.raw' : `/left/${left - 1}`)(request, response);
  };
  const from = (left: number) => `http://127.0.0.1:${server.port}/left/${left}`;
  assert.equal((await new Fetching(t).fetch({ urls: [from(10)] })).sha256, server.sha256);
  await assert.rejects(new Fetching(t).fetch({ urls: [from(11)] }), { code: 'IMAGE_REDIRECT_REFUSED' });
});

test('a redirect to what is no web page, or to nowhere, is refused', async (t) => {
  for (const location of ['file:///etc/passwd', 'data:,x', 'http://', undefined]) {
    const server = await imageServer(t, undefined, { instead: redirect(location) });
    await assert.rejects(new Fetching(t).fetch({ urls: [server.url] }), { code: 'IMAGE_REDIRECT_REFUSED' });
  }
});

test('http off this machine needs a digest', async (t) => {
  await assert.rejects(new Fetching(t).fetch({ urls: ['http://192.0.2.1/image'] }), {
    code: 'IMAGE_SOURCE_INVALID',
    message: 'http://192.0.2.1/image is http: it needs a digest',
  });
});

test('credentials go to the first origin, and to no other', async (t) => {
  const [origin, other] = [await imageServer(t), await imageServer(t)];
  const back = `http://127.0.0.1:${origin.port}/back`;
  origin.behaviour.instead = (request, response) =>
    request.url === '/moved'
      ? redirect('/away')(request, response)
      : request.url === '/away' && redirect(other.url)(request, response);
  other.behaviour.instead = redirect(back);
  const moved = `http://127.0.0.1:${origin.port}/moved`;
  await new Fetching(t).fetch({
    urls: [moved],
    credentials: { header: 'authorization', value: 'Bearer secret' },
  });
  const seen = [...origin.requests, ...other.requests].map(({ url, headers }) => [
    url,
    headers.authorization,
  ]);
  assert.deepEqual(seen, [
    ['/moved', 'Bearer secret'],
    ['/away', 'Bearer secret'],
    ['/back', undefined],
    ['/image.raw', undefined],
  ]);
});

test('credentials, queries and what else may be secret stand in no message', async (t) => {
  const server = await imageServer(t, undefined, {
    instead: (_request, response) => {
      response.writeHead(403).end();
      return true;
    },
  });
  const credentials = { header: 'authorization', value: 'Bearer secret' };
  const urls: [string] = [`${server.url}?signature=secret`];
  await assert.rejects(new Fetching(t).fetch({ urls, credentials }), (error: Error) => {
    assert.equal(error.message, `${server.url}: the server answered 403`);
    return true;
  });
});

for (const [why, source] of Object.entries({
  'is no URL': { urls: ['nowhere'] },
  'has a password': { urls: ['https://me:secret@example.org/'] },
  'is of another kind': { urls: ['ftp://example.org/'] },
  'is a file of this host, named by somebody else': { urls: ['file:///etc/passwd'], trusted: false },
  'has half a digest': { urls: ['https://example.org/'], digests: { sha256: 'ab' } },
  'would send credentials in the clear': {
    urls: ['http://192.0.2.1/'],
    digests: { sha256: 'a'.repeat(64) },
    credentials: { header: 'authorization', value: 'secret' },
  },
} satisfies Record<string, { urls: [string]; [key: string]: unknown }>)) {
  test(`a source that ${why} is refused before anything is fetched`, async (t) => {
    await assert.rejects(new Fetching(t).fetch(source), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'IMAGE_SOURCE_INVALID');
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });
}

function redirect(location: string | undefined): NonNullable<Behaviour['instead']> {
  return (_request, response) => {
    response.writeHead(302, location === undefined ? {} : { location }).end();
    return true;
  };
}
