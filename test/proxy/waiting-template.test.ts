import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { configOf, startBench } from '../kit/http-bench.js';

function folderWith(t: TestContext, template: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-pages-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'waiting.html'), template);
  return folder;
}

const NAVIGATE = 'GET /<x> HTTP/1.1\r\nHost: a\r\nSec-Fetch-Mode: navigate\r\nConnection: close\r\n\r\n';

test('a folder of templates replaces the page, and its own scripts and styles may run', async (t) => {
  const folder = folderWith(t, '<style>b{}</style><script>own()</script><b>{{ heading }}</b>{{script}}');
  const bench = await startBench(t, { proxy: { waiting: { after: 0, folder } } });
  const text = await bench.exchange(NAVIGATE);
  assert.match(text, /<b>app is asleep and about to wake<\/b><script data-events="/);
  assert.match(text, /script-src 'sha256-\S+' 'sha256-\S+'; style-src 'sha256-\S+';/);
});

test('a template with a field that nobody knows is refused by a reload, and the old page stays', async (t) => {
  const bench = await startBench(t, { proxy: { waiting: { after: 0 } } });
  const folder = folderWith(t, '{{hedding}}');
  assert.throws(() => bench.door.reload(configOf({ proxy: { waiting: { folder } } })), /\{\{hedding\}\}/);
  assert.match(await bench.exchange(NAVIGATE), /<main>/);
});

test('a folder without a template is an error that names the file', async (t) => {
  const folder = join(tmpdir(), 'reveille-no-such-folder');
  await assert.rejects(startBench(t, { proxy: { waiting: { folder } } }), /waiting\.html/);
});
