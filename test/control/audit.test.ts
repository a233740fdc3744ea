import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { eventually } from '../kit/conditions.js';
import { raw, startTestControl } from '../kit/control.js';

test('who changed something, and what came of it, is one line of the log; who read is none', async (t) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) });
  const { url, plane } = await startTestControl(t, { log });
  const hello = `${url}/api/v1/resources/hello`;
  await raw(hello);
  await raw(`${hello}/wake`, { method: 'POST', headers: { 'x-reveille-client': 'dashboard' } });
  await raw(`${hello}/stop`, { method: 'POST', headers: { 'x-reveille-client': '"forged\u00e9"' } });
  await raw(`${hello}/stop`, { method: 'POST', headers: { origin: 'http://evil.example' } });
  await eventually('three lines', () => lines.length === 3);
  assert.deepEqual(
    lines.map(({ audit, path, by, from, status }) => [audit, path, by, from, status]),
    [
      [true, '/api/v1/resources/hello/wake', 'dashboard', '127.0.0.1', 202],
      [true, '/api/v1/resources/hello/stop', 'api', '127.0.0.1', 200],
      [true, '/api/v1/resources/hello/stop', 'api', '127.0.0.1', 403],
    ],
  );
  assert.match(JSON.stringify(plane.asked[0]?.args), /by dashboard, 127\.0\.0\.1/);
});
