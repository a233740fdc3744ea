import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inheritedEnvironment } from '../../activities/inherited-environment.js';
import { processHost, until } from '../kit/process-host.js';

const dump = ['sh', '-c', 'cat /proc/$$/environ > env.tmp; mv env.tmp env; exec sleep 600'];

function setEnv(t: TestContext, values: Record<string, string>): void {
  Object.assign(process.env, values);
  t.after(() => Object.keys(values).forEach((name) => void delete process.env[name]));
}

async function environmentOf(folder: string): Promise<string[]> {
  await until('the environment is written', () => existsSync(join(folder, 'env')));
  return readFileSync(join(folder, 'env'), 'utf8').split('\0');
}

test('our own secrets do not reach an instance, the rest of the environment does', async (t) => {
  setEnv(t, { REVEILLE_SECRET: 'one', TEMPORAL_API_KEY: 'two', NOTIFY_SOCKET: '/three', TEST_OTHER: 'four' });
  const host = processHost(t, { app: { command: dump } });
  await host.boot('app', 1);
  const names = (await environmentOf(host.folder)).map((entry) => entry.split('=')[0]);
  for (const name of ['REVEILLE_SECRET', 'TEMPORAL_API_KEY', 'NOTIFY_SOCKET']) {
    assert.equal(names.includes(name), false, name);
  }
  assert.equal(names.includes('TEST_OTHER'), true);
});

test('a variable that one of our secrets is taken from is not inherited', (t) => {
  const { config } = processHost(t, {});
  const withToken = { ...config, control: { ...config.control, token: '${env:DASHBOARD_TOKEN}' } };
  assert.deepEqual(inheritedEnvironment({ DASHBOARD_TOKEN: 'x', OTHER: 'y' }, withToken), { OTHER: 'y' });
});

test('settings add to the environment: references, and names that no shell would keep', async (t) => {
  setEnv(t, { TEST_KEY: 'from-outside' });
  const env = { KEY: 'a ${env:TEST_KEY}', 'discovery.type': "it's; $(odd)" };
  const host = processHost(t, { app: { command: dump, env } });
  await host.boot('app', 1);
  const entries = await environmentOf(host.folder);
  assert.ok(entries.includes('KEY=a from-outside'));
  assert.ok(entries.includes("discovery.type=it's; $(odd)"));
});

test('arguments reach the command as they are', async (t) => {
  const words = ['-n', '$(touch pwned)', '`touch pwned`', "'", '"; touch pwned', '', 'a\nb'];
  const command = ['node', '-e', 'fs.writeFileSync("env",process.argv.slice(1).join("\\0"))', '--', ...words];
  const host = processHost(t, { app: { command } });
  await host.boot('app', 1).catch(() => undefined);
  assert.deepEqual(await environmentOf(host.folder), words);
  assert.equal(existsSync(join(host.folder, 'pwned')), false);
});

const skip = process.getuid?.() === 0 ? false : 'only root may become another user';
test("a command runs as its user, with that user's groups only", { skip }, async (t) => {
  const command = ['sh', '-c', 'echo "$(id -u) $(id -G) $USER $HOME"; exec sleep 600'];
  const host = processHost(t, { app: { command, user: 'nobody' } });
  chmodSync(host.folder, 0o755);
  await host.boot('app', 1);
  const tail = () => host.provider.logTail(host.request('app', 1), 1000);
  await until('it has told', async () => /nonexistent/.test(await tail()));
  assert.match(await tail(), /^65534 65534 nobody \/nonexistent$/m);
});
