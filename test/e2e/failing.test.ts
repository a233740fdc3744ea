import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { askForProblem } from '../kit/house-client.js';

const WAITERS = 20;
const backoff = { first: '400ms', max: '1m' };

/** Every one of many waiters is told the same. @returns the code and the log that they were shown. */
async function whatAllAreTold(house: House): Promise<{ code: string; log: string | undefined }> {
  const told = await Promise.all(Array.from({ length: WAITERS }, () => askForProblem(house.url('/'))));
  for (const { status, type, retryAfter } of told) {
    assert.deepEqual([status, type], [503, 'application/problem+json']);
    assert.match(retryAfter ?? '', /^\d+$/);
  }
  const [first] = told;
  assert.ok(first);
  assert.deepEqual(new Set(told.map(({ body }) => body.code)), new Set([first.body.code]));
  return { code: first.body.code, log: first.body.log };
}

async function untilMended(house: House): Promise<void> {
  await eventually('a later wake works', async () => (await fetch(house.url('/'))).status === 200);
}

test('a command that is missing is told to every waiter, and a later wake finds it', () => {
  const failing = app({}, { process: { command: ['./start'] }, backoff });
  return House.live({ resources: { failing } }, async (house) => {
    assert.equal((await whatAllAreTold(house)).code, 'BOOT_FAILED');
    const command = app()
      .process.command.map((word) => `'${word}'`)
      .join(' ');
    writeFileSync(house.path('start'), `#!/bin/sh\nexec ${command}\n`);
    chmodSync(house.path('start'), 0o755);
    await untilMended(house);
  });
});

test('an instance that never turns healthy is told with its log, stopped, and a later wake works', () => {
  const failing = app({ HEALTHY_WHEN: 'mended' }, { health: { path: '/health', timeout: '1s' }, backoff });
  return House.live({ resources: { failing } }, async (house) => {
    const { code, log } = await whatAllAreTold(house);
    assert.equal(code, 'HEALTH_TIMEOUT');
    assert.match(log ?? '', /I am not well/);
    await house.journaled('end');
    house.allow('mended');
    await untilMended(house);
  });
});

test('waiters are told of a failure before the cleaning up after it is over', () => {
  const health = { path: '/health', timeout: '500ms' };
  const failing = app({ HEALTHY_WHEN: 'never', END_WHEN: 'may-end' }, { health });
  return House.live({ resources: { failing } }, async (house) => {
    assert.equal((await whatAllAreTold(house)).code, 'HEALTH_TIMEOUT');
    await house.journaled('term');
    assert.deepEqual(house.journal('end'), []);
    house.allow('may-end');
    await house.journaled('end');
  });
});

test('an instance that dies half-way through its boot is told with its last words', () => {
  const failing = app({ LIVE_WHEN: 'mended' }, { backoff });
  return House.live({ resources: { failing } }, async (house) => {
    const { code, log } = await whatAllAreTold(house);
    assert.equal(code, 'INSTANCE_DIED');
    assert.match(log ?? '', /these are my last words/);
    house.allow('mended');
    await untilMended(house);
  });
});
