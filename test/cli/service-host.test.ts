import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { until } from '../kit/scripts.js';
import { events, site, startFake } from '../kit/up.js';

test('a part by itself says when it is ready, and closes in order at SIGTERM', async (context) => {
  const place = await site(context);
  const running = startFake(context, place, 'control');
  await until(() => running.output().includes(`control is ready at 127.0.0.1:${place.control}`));
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
  assert.deepEqual(events(place), ['control started', 'control closed']);
});

test('SIGHUP hands a right configuration on, and keeps the old one where the new is wrong', async (context) => {
  const place = await site(context);
  const running = startFake(context, place, 'worker');
  await until(() => running.output().includes('worker is ready'));
  const right = readFileSync(place.file, 'utf8');
  writeFileSync(place.file, `${right}onExit: 3\n`);
  running.child.kill('SIGHUP');
  await until(() => running.output().includes('not reloaded; the old one stays'));
  writeFileSync(place.file, `${right}onExit: keep\n`);
  running.child.kill('SIGHUP');
  await until(() => events(place).includes('worker reloaded keep'));
  running.child.kill('SIGTERM');
  assert.equal((await running.ended).code, 0);
});

test('what only a restart applies is told at a reload', async (context) => {
  const place = await site(context);
  const running = startFake(context, place, 'worker');
  await until(() => running.output().includes('worker is ready'));
  writeFileSync(place.file, readFileSync(place.file, 'utf8').replace(`:${place.proxy}`, ':1'));
  running.child.kill('SIGHUP');
  await until(() => running.output().includes('apply at the next start only: proxy.listen'));
  running.child.kill('SIGTERM');
  await running.ended;
});
