import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { BootRequest, Provider, ProviderContext } from '../../activities/providers/contract.js';
import { fakeProgram, root, tempFolder } from '../kit/scripts.js';
import { silentLog } from '../kit/silent-log.js';

const SOURCES = ['activities', 'config', 'errors', 'temporal', 'workflows'];
const BLOCK = /^```ts (file|add)=(\S+)(?: below="(.*)")?\n([\s\S]*?)^```$/gm;

/** Stands in for systemd: a unit is active while there is a file of its name, which holds the invocation's id. */
const SYSTEMCTL = `
for unit; do :; done
file="$UNITS/$unit"
case $1 in
  start) [ -e "$file" ] || cat /proc/sys/kernel/random/uuid > "$file" ;;
  stop) rm -f "$file" ;;
  show)
    if [ -e "$file" ]; then echo "InvocationID=$(cat "$file")"; echo ActiveState=active
    else echo InvocationID=; echo ActiveState=inactive; fi ;;
esac
`;

/** Does to a copy of the source what the page says. @returns the folder of what was compiled. */
function follow(page: string, folder: string): string {
  for (const name of [...SOURCES, 'scripts', 'tsconfig.json', 'package.json']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  let steps = 0;
  for (const [, kind, name = '', below, code = ''] of page.matchAll(BLOCK)) {
    steps += 1;
    const file = join(folder, name);
    if (kind === 'file') writeFileSync(file, code);
    else {
      const text = readFileSync(file, 'utf8');
      assert.ok(text.includes(`${below}\n`), `${name} has no line ${below}`);
      writeFileSync(file, text.replace(`${below}\n`, `${below}\n${code}`));
    }
  }
  assert.equal(steps, 8);
  const config = JSON.parse(readFileSync(join(folder, 'tsconfig.json'), 'utf8'));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...config, include: SOURCES }));
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return join(folder, 'dist');
}

test('the provider of docs/writing-a-provider.md compiles, boots, is found, dies and stops', async (t) => {
  const folder = tempFolder(t);
  const dist = follow(readFileSync(join(root, 'docs/writing-a-provider.md'), 'utf8'), folder);
  const load = (file: string) => import(pathToFileURL(join(dist, file)).href);
  const { configSchema } = await load('config/index.js');
  const { createProviders } = await load('activities/providers/table.js');

  const [tools, units] = [join(folder, 'tools'), tempFolder(t)];
  fakeProgram(tools, 'systemctl', SYSTEMCTL);
  fakeProgram(tools, 'journalctl', 'echo "last words of $2"');
  const { PATH } = process.env;
  t.after(() => {
    process.env.PATH = PATH;
  });
  Object.assign(process.env, { PATH: [tools, PATH].join(delimiter), UNITS: units });

  const definition = { provider: 'systemd', systemd: { unit: 'web.service' }, endpoint: { port: 8000 } };
  const config = configSchema.parse({ resources: { web: definition } });
  const services = { config, stateDir: join(folder, 'state'), host: 'here', log: silentLog };
  const provider: Provider = createProviders(services).systemd;
  const request = (generation: number): BootRequest => ({
    ...{ name: 'web', params: {}, revision: 'r' },
    ...{ generation, definition: config.resources.web },
  });
  const ending = new AbortController();
  t.after(() => ending.abort());
  const context: ProviderContext = { signal: ending.signal, heartbeat: () => {} };
  const options = { then: 'stop', force: false } as const;

  const { instance, adopted } = await provider.boot(request(1), context);
  assert.equal(adopted, false);
  assert.deepEqual(instance.endpoint, { host: '127.0.0.1', port: 8000 });
  assert.deepEqual((await provider.boot(request(1), context)).instance, instance);
  assert.equal((await provider.inspect(request(1), instance, context)).state, 'running');
  assert.deepEqual(
    (await provider.list(context)).map((one) => one.instance.id),
    [instance.id],
  );
  assert.equal(await provider.logTail(request(1), 100), 'last words of web.service\n');

  const death = provider.watch(request(1), instance, context);
  execFileSync('systemctl', ['stop', '--', 'web.service']);
  assert.deepEqual(await death, { reason: 'the unit has ended' });

  const next = await provider.boot(request(2), context);
  await provider.stop(request(1), instance, options, context);
  assert.equal((await provider.inspect(request(2), next.instance, context)).state, 'running');
  await provider.stop(request(2), next.instance, options, context);
  assert.equal((await provider.inspect(request(2), next.instance, context)).state, 'stopped');
});
