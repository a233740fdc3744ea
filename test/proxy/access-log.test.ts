import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { combinedLine } from '../../proxy/access-log/lines.js';
import { answering, type Bench, OK, startBench, startInstance, until } from '../kit/http-bench.js';

const ask = (path: string, more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: probe "1"\r\n${more}\r\n`;

async function awake(
  t: TestContext,
  settings: object,
  proxy: object = {},
): Promise<Bench & { file: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-access-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'log/access.log');
  const bench = await startBench(t, { proxy: { accessLog: { file, ...settings }, ...proxy } });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  return { ...bench, file };
}

/** Its lines once all is written. */
async function lines({ door, file }: { door: Bench['door']; file: string }): Promise<string[]> {
  await door.close(0);
  await until(() => existsSync(file) && statSync(file).size > 0);
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

test('each request is a line of the combined format, without its query, with the request id and the resource', async (t) => {
  const bench = await awake(t, {});
  const answer = await bench.exchange(ask('/a?token=secret', 'Referer: http://b/c?token=secret\r\n'));
  const [line = '', ...more] = await lines(bench);
  const id = /X-Request-Id: (\S+)/i.exec(answer)?.[1] ?? '\\S+';
  assert.match(
    line,
    new RegExp(
      '^127\\.0\\.0\\.1 - - \\[\\d{2}/[A-Z][a-z]{2}/\\d{4}:\\d{2}:\\d{2}:\\d{2} \\+0000\\] "GET /a HTTP/1\\.1" 200 ' +
        `${answer.length} "http://b/c" "probe \\\\x221\\\\x22" ${id} app \\d+ 0$`,
    ),
  );
  assert.deepEqual(more, []);
  assert.equal(statSync(bench.file).mode & 0o777, 0o600);
});

test('the address is the one that trusted peers tell', async (t) => {
  const bench = await awake(t, {}, { trusted: ['127.0.0.1'] });
  await bench.exchange(ask('/', 'X-Forwarded-For: 192.0.2.7\r\n'));
  assert.match((await lines(bench))[0] ?? '', /^192\.0\.2\.7 - - \[/);
});

test('as JSON a line says the same', async (t) => {
  const bench = await awake(t, { format: 'json' });
  await bench.exchange(ask('/a?token=secret'));
  const [line = ''] = await lines(bench);
  const { time, requestId, ms, bytes, ...rest } = JSON.parse(line);
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 600_000);
  assert.deepEqual(
    [typeof requestId, typeof ms, typeof bytes, rest],
    [
      'string',
      'number',
      'number',
      {
        client: '127.0.0.1',
        method: 'GET',
        path: '/a',
        httpVersion: '1.1',
        status: 200,
        agent: 'probe "1"',
        resource: 'app',
        reason: 'OK',
        coldMs: 0,
      },
    ],
  );
});

test('a file beyond its bound becomes the older one, and no line is lost on the way', async (t) => {
  const bench = await awake(t, { maxSize: '60KB' });
  const files = [`${bench.file}.1`, bench.file];
  const sizes = () => files.map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const long = `Referer: http://b/${'x'.repeat(10_000)}\r\n`;
  for (let i = 0; i < 10; i++) await bench.exchange(ask(`/${i}`, long));
  await until(() => sizes().reduce((sum, size) => sum + size) > 100_000);
  await bench.exchange(ask('/10', long));
  await bench.door.close(0);
  assert.ok(sizes().every((size) => size > 0));
  const text = files.map((file) => readFileSync(file, 'utf8')).join('');
  const paths = [...text.matchAll(/"GET \/(\d+) /g)].map(([, path]) => Number(path));
  assert.deepEqual(
    paths,
    Array.from({ length: 11 }, (_, i) => i),
  );
});

test('a log that cannot be written stops no request and is told once', async (t) => {
  const bench = await awake(t, { file: '/dev/null/access.log' });
  for (let i = 0; i < 3; i++) assert.match(await bench.exchange(ask('/')), /^HTTP\/1\.1 200 /);
  await bench.door.close(0);
  const told = bench.lines.filter(({ msg }) => msg === 'the access log cannot be written');
  assert.equal(told.length, 1);
});

test('nothing that a client sends ends a field or a line', () => {
  const line = combinedLine({
    at: new Date(0),
    client: '::1',
    user: 'ann\n"x y',
    method: 'GET',
    path: '/"\\\r\n\u00e9',
    httpVersion: '1.1',
    status: 0,
    bytes: 0,
    referer: undefined,
    agent: '',
    requestId: 'r1',
    resource: '',
    ms: 1.6,
    coldMs: 0,
  });
  assert.equal(
    line,
    '::1 - ann\\x0a\\x22x\\x20y [01/Jan/1970:00:00:00 +0000] "GET /\\x22\\x5c\\x0d\\x0a\\xc3\\xa9 HTTP/1.1" 499 0 "-" "-" r1 - 2 0',
  );
});
