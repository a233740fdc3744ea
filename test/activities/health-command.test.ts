import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { waitHealthy } from '../../activities/health.js';
import { runProbeCommand } from '../../activities/probe-command.js';
import { configSchema } from '../../config/index.js';
import { tempFolder } from '../kit/scripts.js';

const endpoint = { host: '127.0.0.1', port: 4321 };

function waiting(t: TestContext, script: string, timeout: string) {
  const folder = tempFolder(t);
  const health = { command: ['sh', '-c', script, 'sh', folder], timeout, interval: '20ms' };
  const app = { provider: 'process', process: { command: ['x'] }, health };
  const config = { ...configSchema.parse({ resources: { app } }), file: undefined, folder };
  const definition = config.resources.app?.health;
  assert.ok(definition !== undefined);
  const instance = { name: 'app', generation: 7, endpoint, params: {} };
  let asked = 0;
  const over = waitHealthy(definition, endpoint, {
    signal: new AbortController().signal,
    heartbeat() {},
    run: (command, signal) => {
      asked += 1;
      if (asked === 3) writeFileSync(join(folder, 'serves'), '');
      return runProbeCommand({ command, key: 'health', instance, config }, signal);
    },
  });
  return { over, asked: () => asked };
}

test('an instance is healthy when its command exits with 0, and not before', async (t) => {
  const script = 'test -e "$1/serves" && test "$REVEILLE_HOST:$REVEILLE_PORT" = 127.0.0.1:4321';
  const { over, asked } = waiting(t, script, '30s');
  await over;
  assert.equal(asked(), 3);
});

test('a command that does not say healthy in time is told with its exit code and its words', async (t) => {
  const { over } = waiting(t, 'echo "still starting" >&2; exit 3', '2s');
  await assert.rejects(over, {
    code: 'HEALTH_TIMEOUT',
    message: 'not healthy within 2s: the command exited with code 3: still starting',
  });
});
