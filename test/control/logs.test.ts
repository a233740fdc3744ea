import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stateDir } from '../../config/index.js';
import { LogLines } from '../../control/log-lines.js';
import { eventually } from '../kit/conditions.js';
import { raw, startTestControl } from '../kit/control.js';

const SECRETIVE = `resources: { hello: { provider: process, process: { command: [node], env: { KEY: "\${env:TEST_LOG_SECRET}" } } } }`;

async function startWithLog(t: TestContext, content: string, text?: string) {
  const control = await startTestControl(t, text === undefined ? {} : { text });
  const folder = join(stateDir(control.config), 'process', 'hello');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'log');
  writeFileSync(file, content);
  return { ...control, file, logs: `${control.url}/api/v1/resources/hello/logs` };
}

test('the last lines are shown, with the one that is not ended yet', async (t) => {
  const { logs } = await startWithLog(t, 'one\ntwo\nthree\nfour');
  assert.equal((await raw(`${logs}?lines=2`)).text, 'three\nfour\n');
  assert.equal((await raw(`${logs}?lines=0`)).text, '');
  assert.equal((await raw(logs)).text, 'one\ntwo\nthree\nfour\n');
});

test('a resource that has never run has an empty log', async (t) => {
  const { url } = await startTestControl(t);
  const answer = await raw(`${url}/api/v1/resources/hello/logs`);
  assert.deepEqual([answer.status, answer.text], [200, '']);
});

test('lines and follow are checked', async (t) => {
  const { logs } = await startWithLog(t, '');
  for (const query of ['lines=-1', 'lines=many', 'lines=10001', 'follow=maybe', 'tail=3']) {
    assert.equal((await raw(`${logs}?${query}`)).status, 400, query);
  }
});

test('secrets and control characters do not come out', async (t) => {
  process.env.TEST_LOG_SECRET = 'hunter22';
  t.after(() => delete process.env.TEST_LOG_SECRET);
  const { logs } = await startWithLog(t, 'key=hunter22 \x1b[31mred\x07\ttab\n', SECRETIVE);
  assert.equal((await raw(logs)).text, 'key=*** [31mred\ttab\n');
});

test('following shows what is added, also after the file was cut down to nothing', async (t) => {
  const { logs, file } = await startWithLog(t, 'old\nlast\n');
  let seen = '';
  const caller = get(`${logs}?lines=1&follow=true`, { agent: false }, (response) => {
    response.setEncoding('utf8').on('data', (chunk) => {
      seen += chunk;
    });
    response.on('error', () => {});
  });
  t.after(() => caller.destroy());
  await eventually('the output', () => seen === 'last\n');
  appendFileSync(file, 'ha');
  appendFileSync(file, 'lf\n');
  await eventually('the output', () => seen === 'last\nhalf\n');
  truncateSync(file, 0);
  appendFileSync(file, 'new\n');
  await eventually('the output', () => seen === 'last\nhalf\nnew\n');
});

test('a line of any length is cut, and no secret is shown in part at the cut', () => {
  const secret = 's3cret'.repeat(100);
  const lines = new LogLines((line) => line.replaceAll(secret, '***'), false);
  const shown = [
    ...lines.push(Buffer.from('x'.repeat(65_300) + secret.slice(0, 300))),
    ...lines.push(Buffer.from(`${secret.slice(300)} and more\nnext\n`)),
  ];
  assert.equal(shown.length, 2);
  assert.match(shown[0] ?? '', /^x+ … \(cut\)$/);
  assert.equal(shown[1], 'next');
});

test('characters that come in pieces are put together, and a cut line is skipped to its end', () => {
  const lines = new LogLines((line) => line, false);
  const bytes = Buffer.from('grün\n');
  assert.deepEqual([...lines.push(bytes.subarray(0, 3)), ...lines.push(bytes.subarray(3))], ['grün']);
  assert.equal(lines.push(Buffer.alloc(70_000, 'a')).length, 1);
  assert.deepEqual(lines.push(Buffer.from('still the same line\nfresh\n')), ['fresh']);
  assert.deepEqual(new LogLines((line) => line, true).push(Buffer.from('end\nwhole\n')), ['whole']);
});
