import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask } from '../kit/house-client.js';
import { fakeProgram } from '../kit/scripts.js';

/** Nothing here falls asleep by itself. */
const LASTING = { idle: { after: '10m' }, lease: { time: '5m' } };
/** A paused worker's step goes on elsewhere after its heartbeat timeout, for each try that its polls swallow. */
const PATIENCE_MS = 120_000;

/** With the one slot for its step taken, a paused worker swallows no other try of that step: the tests are quicker. */
const live = (env: Record<string, string>, body: (house: House) => Promise<void>): Promise<void> =>
  House.live({ top: { worker: { boots: 1, stops: 1 } }, resources: { fenced: app(env, LASTING) } }, body);

const answered = <T>(what: Promise<T>): Promise<T> => {
  let answer: T | undefined;
  what.then(
    (value) => {
      answer = value;
    },
    () => {},
  );
  return eventually('it is answered', () => answer, PATIENCE_MS);
};

/** The worker that was paused is back once it has done something: it alone is left to stop the resource. */
async function untilBack(house: House, other: string): Promise<void> {
  await house.part(other).end('SIGKILL');
  await house.resources.stop('fenced');
  await eventually(
    'the worker that was paused stops it',
    async () => (await house.resources.openRun('fenced')) === undefined,
    PATIENCE_MS,
  );
  await eventually('nothing is left', () => house.instancesOf('fenced').length === 0);
}

/** A worker whose shims wait at the point where they claim their generation. @returns its environment's PATH. */
function waitingShims(house: House): { PATH: string } {
  const { PATH = '' } = process.env;
  const [waits, mayGoOn] = [house.path('shim-waits'), house.path('shim-may-go-on')];
  const script = `: > '${waits}'\nwhile [ ! -e '${mayGoOn}' ]; do sleep 0.02; done\nPATH='${PATH}' exec ln "$@"`;
  fakeProgram(house.path('tools'), 'ln', script);
  return { PATH: [house.path('tools'), PATH].join(delimiter) };
}

// They mostly wait for timeouts of Temporal's.
describe('a worker paused by SIGSTOP', { concurrency: true }, () => {
  test('L18: a worker paused while its instance starts, until another has finished the boot: one instance', () =>
    live({ LISTEN_WHEN: 'may-listen' }, async (house) => {
      const held = ask(house.url('/'));
      const { pid } = await house.journaled('start');
      await house.worker.pause();
      await house.startWorker('worker two');
      house.allow('may-listen');
      assert.equal((await answered(held)).pid, pid);
      house.worker.goOn();
      assert.equal((await ask(house.url('/'))).pid, pid);
      await untilBack(house, 'worker two');
      assert.equal(house.journal('start').length, 1);
      assert.equal(house.journal('term').length, 1);
    }));

  test('L18: a worker paused before its process claims the boot, until others have booted, stopped and booted', () =>
    live({}, async (house) => {
      await house.worker.end('SIGKILL');
      await house.startWorker('worker', { env: waitingShims(house) });
      const held = ask(house.url('/'));
      await eventually('its shim is about to claim', () => existsSync(house.path('shim-waits')));
      await house.worker.pause();
      await house.startWorker('worker two');
      const first = await answered(held);
      await house.resources.stop('fenced');
      await house.journaled('end', 1, PATIENCE_MS);
      const { pid, generation } = await answered(ask(house.url('/')));
      assert.ok(generation > first.generation);
      // It is a process of its own, and comes first: its worker would clear up behind it.
      house.allow('shim-may-go-on');
      await eventually('the shim has given up', () => house.instancesOf('fenced').length === 1);
      assert.deepEqual(house.instancesOf('fenced'), [pid]);
      house.worker.goOn();
      await untilBack(house, 'worker two');
      assert.equal(house.journal('start').length, 2);
    }));

  test('L17: a worker paused in a stop, until another has finished it and the next generation is up: that one lives', () =>
    live({ END_WHEN: 'may-end' }, async (house) => {
      const first = await ask(house.url('/'));
      await house.resources.stop('fenced');
      await house.journaled('term');
      await house.worker.pause();
      const held = ask(house.url('/'));
      await house.startWorker('worker two');
      house.allow('may-end');
      const next = await answered(held);
      assert.ok(next.generation > first.generation);
      house.worker.goOn();
      assert.equal((await ask(house.url('/'))).pid, next.pid);
      await untilBack(house, 'worker two');
      const terms = house.journal('term').filter(({ pid }) => pid === next.pid);
      assert.equal(terms.length, 1, 'only the stop that was ordered of it');
      assert.equal(house.journal('start').length, 2);
    }));
});
