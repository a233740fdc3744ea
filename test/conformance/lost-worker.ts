import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Scene } from './scene.js';
import type { Engine } from './subject.js';

/** One house with a resource in each step when its worker is killed; another worker goes on. */
export function killedWorker(t: TestContext, engine: Engine): Promise<void> {
  const resources = { booting: {}, checking: {}, ready: {}, stopping: {} };
  return Scene.live(engine, { resources }, async (scene) => {
    const { house, desk } = scene;
    for (const name of ['booting', 'checking']) desk.forbid(name, 'listen');
    desk.forbid('stopping', 'end');
    const [ready, stopping] = await Promise.all([scene.ask('ready'), scene.ask('stopping')]);
    const checking = quietly(scene.ask('checking'));
    await scene.inPhase('checking', 'checking');
    await house.resources.stop('stopping');
    await desk.heard('stopping', 'term');
    const booting = quietly(scene.ask('booting'));
    await desk.heard('booting', 'start');
    await house.worker.end('SIGKILL');
    await house.startWorker();
    const check = (name: string, body: () => Promise<void>) => t.test(name, () => house.explained(body));

    for (const [name, asked] of Object.entries({ booting, checking })) {
      await check(`${name}: what was started is adopted, not started twice`, async () => {
        desk.allow(name, 'listen');
        assert.deepEqual([await scene.answered(asked)], desk.of(name, 'start'));
        await scene.isOne(name);
      });
    }
    await check('ready: it serves on', async () => {
      assert.equal(await scene.ask('ready'), ready);
      await scene.isOne('ready');
    });
    await check('stopping: it is stopped, and the next wake starts another', async () => {
      desk.allow('stopping', 'end');
      await scene.untilAsleep('stopping');
      assert.deepEqual(await scene.running('stopping'), []);
      assert.notEqual(await scene.ask('stopping'), stopping);
      await scene.isOne('stopping');
    });
    await check('all of them can be stopped', async () => {
      const names = Object.keys(resources);
      await Promise.all(names.map((name) => house.resources.stop(name)));
      for (const name of names) {
        await scene.untilAsleep(name);
        assert.deepEqual(await scene.running(name), []);
      }
    });
  });
}

/** A worker that comes back from a pause in which others went on does no harm (leases.md, L17 and L18). */
export function pausedWorker(t: TestContext, engine: Engine): Promise<void> {
  // With the one slot for its step taken, a paused worker swallows no other try of that step.
  return Scene.live(engine, { resources: { fenced: {} }, slots: 1 }, async (scene) => {
    const { house, desk } = scene;
    const check = (name: string, body: () => Promise<void>) => t.test(name, () => house.explained(body));
    let first = '';

    await check('L18: paused in a boot that another finishes: one instance', async () => {
      desk.forbid('fenced', 'listen');
      const asked = quietly(scene.ask('fenced'));
      await desk.heard('fenced', 'start');
      await house.worker.pause();
      await house.startWorker('worker two');
      desk.allow('fenced', 'listen');
      first = await scene.answered(asked);
      house.worker.goOn();
      assert.equal(await scene.ask('fenced'), first);
      await house.part('worker two').end('SIGKILL');
      assert.deepEqual(desk.of('fenced', 'start'), [first]);
      await scene.isOne('fenced');
    });

    await check('L17: paused in a stop that another finishes: the next generation lives', async () => {
      desk.forbid('fenced', 'end');
      await house.resources.stop('fenced');
      await desk.heard('fenced', 'term');
      await house.worker.pause();
      const asked = quietly(scene.ask('fenced'));
      await house.startWorker('worker three');
      desk.allow('fenced', 'end');
      const next = await scene.answered(asked);
      assert.notEqual(next, first);
      house.worker.goOn();
      // It has to do something, so that whatever it still had in hand is done before.
      await house.part('worker three').end('SIGKILL');
      assert.equal(await scene.ask('fenced'), next);
      await scene.isOne('fenced');
      await house.resources.stop('fenced');
      await scene.untilAsleep('fenced');
      assert.deepEqual(desk.of('fenced', 'term'), [first, next]);
      assert.deepEqual(desk.of('fenced', 'start'), [first, next]);
      assert.deepEqual(await scene.running('fenced'), []);
    });
  });
}

/** What is awaited later: its failure is told then. */
function quietly<T>(asked: Promise<T>): Promise<T> {
  asked.catch(() => {});
  return asked;
}
