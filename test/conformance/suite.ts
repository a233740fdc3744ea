import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { needs } from '../kit/engines.js';
import { everydayLife } from './everyday.js';
import { killedWorker, pausedWorker } from './lost-worker.js';
import type { Engine, Subject } from './subject.js';
import { twice } from './twice.js';

/**
 * What every provider owes to those who rely on it, on its real engine with real workers and proxies:
 * `conformance(subject)` in a test file of its own is all that a provider needs.
 */
export function conformance(subject: Subject): void {
  const skip = [...subject.needs, 'busybox'].map((name) => needs(name).skip).find((why) => why !== false);
  describe(`the provider ${subject.provider}`, { skip: skip ?? false, concurrency: 2 }, () => {
    let opened: Engine | undefined;
    const engine = (): Engine => {
      assert.ok(opened, 'the engine is open');
      return opened;
    };
    before(async () => {
      opened = await subject.open();
    });
    after(() => opened?.close());

    test('wakes, deaths, stops and deletes', (t) => everydayLife(t, subject, engine()));
    test('a worker killed by SIGKILL in each step', (t) => killedWorker(t, engine()));
    test('a worker paused by SIGSTOP', (t) => pausedWorker(t, engine()));
    test('whatever is done twice', (t) => twice(t, subject, engine()));
  });
}
