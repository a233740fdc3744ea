// What a clock that was set back leaves behind: generations that are younger than now.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';

const HOUR_MS = 3_600_000;

test('after the clock was set back by an hour a resource boots at once, beyond its last generation', () =>
  House.live({ resources: { hello: app() } }, async (house) => {
    const last = Date.now() + HOUR_MS;
    const claims = house.path('.reveille/process/hello/claims');
    mkdirSync(claims, { recursive: true });
    writeFileSync(join(claims, `${last}.begun`), '');
    writeFileSync(join(claims, String(last)), 'sealed');
    const { generation } = await ask(house.url('/'));
    assert.equal(generation, last + 1);
    assert.equal(house.journal('start').length, 1);
    assert.equal((await house.resources.status('hello'))?.boots, 1);
  }));
