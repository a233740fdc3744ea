import assert from 'node:assert/strict';
import { test } from 'node:test';
import { welcome } from '../../cli/up/welcome.js';
import { parseConfig } from '../../config/index.js';

test('what up says first claims no phase: an up that was killed leaves awake what was awake', () => {
  const said = greeting('path: /hello');
  assert.match(said, /^Open http:\/\/127\.0\.0\.1:8080\/hello: if app is asleep, it wakes\.$/m);
});

test('an address with a part that is free is told as one to fill in', () => {
  const said = greeting("host: '{pr}.preview.localhost'");
  assert.match(
    said,
    /^Open http:\/\/\{pr\}\.preview\.localhost:8080\/, with something of your choice for \{pr\}: if app is /m,
  );
});

function greeting(route: string): string {
  const pool = route.includes('{pr}')
    ? "    pool: { key: ['{pr}'], allow: '[0-9]+', maxInstances: 2 }\n"
    : '';
  const text = `resources:\n  app:\n    provider: process\n    process: { command: [node, a.js] }\n${pool}    routes: [{ ${route} }]\n`;
  return welcome(parseConfig(text, '/nowhere/reveille.yaml'), '127.0.0.1:8080', '127.0.0.1:8081');
}
