import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { issuesOf } from '../kit/config-text.js';
import { House } from '../kit/house.js';
import { Mirror } from '../kit/mirror.js';
import { tarOf } from '../kit/unpack.js';

/** Serves a file of the folder that it is handed. */
const APP = `
const { createReadStream } = require('node:fs');
require('node:http')
  .createServer((request, response) => createReadStream(process.env.REVEILLE_IMAGE_SITE + '/index.html').pipe(response))
  .listen(Number(process.env.PORT), '127.0.0.1');
`;

test('IP4: a command is handed the folder that an archive was extracted to', async () => {
  const archive = gzipSync(await tarOf([{ name: './index.html', text: 'hello from the archive' }]));
  const server = await Mirror.start({ 'site.tar.gz': archive });
  try {
    const site = { ...server.source('site.tar.gz'), type: 'filesystem', extract: true };
    const settings = { command: [process.execPath, '-e', APP], images: { site } };
    const web = { provider: 'process', process: settings, routes: [{ path: '/' }] };
    await House.live({ resources: { web } }, async (house) => {
      assert.equal(await (await fetch(house.url('/'))).text(), 'hello from the archive');
    });
  } finally {
    await server.close();
  }
});

const SITE = 'url: https://images.example.org/site';
const config = (provider: string, settings: string) => `
resources:
  web:
    provider: ${provider}
    ${provider}: ${settings}
`;

test('only an archive that a command is handed can be extracted', () => {
  const handed = (source: string) =>
    config('process', `{ command: [node, server.js], images: { site: { ${SITE}, ${source} } } }`);
  assert.deepEqual(issuesOf(handed('type: filesystem, extract: true')), []);
  assert.match(
    issuesOf(handed('extract: true'))[0] ?? '',
    /r\.yaml:5.*extract.*no archive.*type: filesystem/s,
  );
  const loaded = config(
    'docker',
    `{ port: 80, image: "a:1", load: { ${SITE}, type: filesystem, extract: true } }`,
  );
  assert.match(issuesOf(loaded)[0] ?? '', /r\.yaml:5.*extract.*one file/s);
});
