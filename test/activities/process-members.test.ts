import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processHost, quietContext, until } from '../kit/process-host.js';

const HOSTILE = `$(touch hacked); \`touch hacked\` '"\\ && touch hacked & ..${'x'.repeat(250)}`;

test('what a member was made from reaches its command as environment only, whatever it says', async (t) => {
  const program = 'console.log(JSON.stringify(process.env.REVEILLE_PR)); setInterval(() => {}, 1000)';
  const host = processHost(t, { app: { command: [process.execPath, '-e', program] } });
  const request = { ...host.request('app', 1), params: { pr: HOSTILE, resource: 'other' } };
  await host.provider.boot(request, quietContext());
  const log = () => host.provider.logTail(request, 4000);
  await until('it has told', async () => (await log()).includes('x"'));
  assert.ok((await log()).includes(JSON.stringify(HOSTILE)));
  const found = await host.anotherWorker().list(quietContext());
  assert.deepEqual(
    found.map(({ name, params }) => ({ name, params })),
    [{ name: 'app', params: request.params }],
  );
});

test('something of a member is kept until it is deleted', async (t) => {
  const host = processHost(t, { app: { command: ['sleep', '1000'] } });
  const kept = () => host.provider.kept?.(quietContext());
  assert.deepEqual(await kept(), []);
  await host.boot('app', 1);
  assert.deepEqual(await kept(), ['app']);
  await host.stop('app', 1);
  assert.deepEqual(await kept(), ['app']);
  await host.stop('app', 2, 'delete');
  assert.deepEqual(await kept(), []);
});
