import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { askForProblem } from '../kit/house-client.js';
import { Scene } from './scene.js';
import type { Engine, Subject } from './subject.js';

const WAKES = 50;
const SUSPENDED = { idle: { after: '1s', then: 'suspend' }, lease: { time: 'auto' } };

/** One house with two proxies, in which each test has a resource of its own. */
export function everydayLife(t: TestContext, { suspends }: Subject, engine: Engine): Promise<void> {
  const resources = {
    herd: {},
    dying: {},
    stillborn: {},
    deleted: {},
    stubborn: {},
    ...(suspends ? { dozing: SUSPENDED } : {}),
  };
  return Scene.live(engine, { resources }, async (scene) => {
    const { house } = scene;
    await house.startProxy('proxy two');
    const check = (name: string, body: (scene: Scene) => Promise<void>, skip = false) =>
      t.test(name, { skip }, () => house.explained(() => body(scene)));
    await check(`${WAKES} wakes at once from two proxies: one instance answers all`, wakesAtOnce);
    await check('an instance that dies awake is followed by another', (all) => deathAwake(all, engine));
    await check(
      'one that dies while it boots is told with its last words, and a later wake works',
      deathInBoot,
    );
    await check('a stop that fails twice is tried until it works', (all) => stubbornStop(all, engine));
    await check('suspended, it goes on where it was', (all) => suspended(all, engine), !suspends);
    await check('delete leaves nothing', (all) => deleted(all, engine));
  });
}

async function wakesAtOnce(scene: Scene): Promise<void> {
  const proxies = ['proxy', 'proxy two'];
  const asked = Array.from({ length: WAKES }, (_, i) => scene.ask('herd', proxies[i % 2]));
  const ids = new Set(await Promise.all(asked));
  assert.deepEqual([...ids], scene.desk.of('herd', 'start'));
  await scene.isOne('herd');
}

async function deathAwake(scene: Scene, engine: Engine): Promise<void> {
  const first = await scene.ask('dying');
  await engine.kill('dying', scene);
  const second = await scene.ask('dying');
  assert.notEqual(second, first);
  assert.deepEqual(scene.desk.of('dying', 'start'), [first, second]);
  await scene.isOne('dying');
}

async function deathInBoot(scene: Scene): Promise<void> {
  const { desk, house } = scene;
  desk.forbid('stillborn', 'live');
  const { status, body } = await askForProblem(house.url('/stillborn/'));
  assert.deepEqual([status, body.code], [503, 'INSTANCE_DIED']);
  assert.match(body.log ?? '', /these are my last words/);
  await scene.untilGone('stillborn');
  desk.allow('stillborn', 'live');
  await eventually('it boots again', () => scene.ask('stillborn'));
  await scene.isOne('stillborn');
}

async function stubbornStop(scene: Scene, engine: Engine): Promise<void> {
  const { house } = scene;
  await scene.ask('stubborn');
  const mend = await engine.breakStops('stubborn', scene);
  await house.resources.stop('stubborn');
  const failures = () => house.worker.output().match(/STOP_FAILED/g)?.length ?? 0;
  await eventually('it has failed twice', () => failures() >= 2);
  await scene.inPhase('stubborn', 'stopping');
  await mend();
  await scene.untilAsleep('stubborn');
  assert.deepEqual(await scene.running('stubborn'), []);
}

async function suspended(scene: Scene, engine: Engine): Promise<void> {
  const first = await scene.ask('dozing');
  await scene.untilAsleep('dozing');
  assert.deepEqual(scene.desk.of('dozing', 'term'), []);
  assert.notDeepEqual(await engine.remains('dozing', scene), []);
  assert.equal(await scene.ask('dozing'), first);
  assert.equal(scene.desk.of('dozing', 'start').length, 1);
  await scene.untilAsleep('dozing');
  await scene.house.resources.remove('dozing');
  await scene.untilAsleep('dozing');
  assert.deepEqual(await engine.remains('dozing', scene), []);
}

async function deleted(scene: Scene, engine: Engine): Promise<void> {
  await scene.ask('deleted');
  assert.notDeepEqual(await engine.remains('deleted', scene), []);
  await scene.house.resources.remove('deleted');
  await scene.untilAsleep('deleted');
  assert.deepEqual(await engine.remains('deleted', scene), []);
}
