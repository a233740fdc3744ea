import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { engine, needs } from '../kit/engines.js';
import { Fetching, imageServer, settings } from '../kit/fetching.js';
import { type Certificate, ImageServer } from '../kit/image-server.js';

/** One that signs itself, for 127.0.0.1. */
function certificate(folder: string): Certificate {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=image server', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync(
    engine('openssl'),
    ['req', '-x509', ...curve, '-keyout', key, '-out', cert, '-days', '2', ...subject],
    {
      stdio: 'ignore',
    },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

async function tlsServer(t: TestContext): Promise<{ server: ImageServer; ca: string }> {
  const tls = certificate(new Fetching(t).folder);
  const server = await ImageServer.start(undefined, {}, tls);
  t.after(() => server.close());
  return { server, ca: tls.cert };
}

test(
  'https is fetched from a server whose authority is known, and from no other',
  needs('openssl'),
  async (t) => {
    const { server, ca } = await tlsServer(t);
    const { sha256 } = await new Fetching(t).fetch({ urls: [server.url] }, settings({ ca }));
    assert.equal(sha256, server.sha256);
    await assert.rejects(new Fetching(t).fetch({ urls: [server.url] }), {
      code: 'IMAGE_UNREACHABLE',
      message: /self-signed certificate/,
    });
  },
);

test(
  'a redirect from https to http is followed only where a digest is known',
  needs('openssl'),
  async (t) => {
    const { server, ca } = await tlsServer(t);
    const plain = await imageServer(t);
    server.behaviour.instead = (_request, response) => {
      response.writeHead(301, { location: plain.url }).end();
      return true;
    };
    const source = { urls: [server.url] as [string] };
    await assert.rejects(new Fetching(t).fetch(source, settings({ ca })), { code: 'IMAGE_REDIRECT_REFUSED' });
    assert.equal(plain.requests.length, 0);
    const digests = { sha256: plain.sha256 };
    const { sha256 } = await new Fetching(t).fetch({ ...source, digests }, settings({ ca }));
    assert.equal(sha256, plain.sha256);
  },
);
