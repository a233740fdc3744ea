import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { Bare } from './scene.js';
import type { Engine, Subject } from './subject.js';

/** What a provider owes to a workflow that asks again, because it never heard the answer. */
export function twice(t: TestContext, { provider }: Subject, engine: Engine): Promise<void> {
  const names = ['again', 'late', 'never'];
  return Bare.live(engine, provider, names, async (bare) => {
    const { desk } = bare;
    await t.test('a boot again, later or at once, comes to the same instance', async () => {
      const [one, two] = await Promise.all([bare.boot('again', 1000), bare.boot('again', 1000)]);
      const three = await bare.boot('again', 1000);
      assert.deepEqual([two.instance, three.instance], [one.instance, one.instance]);
      const id = await desk.heard('again', 'start');
      assert.equal((await engine.running('again', bare)).length, 1);
      assert.deepEqual(desk.of('again', 'start'), [id]);
      assert.deepEqual(await bare.inspect('again', one.instance), {
        state: 'running',
        instance: one.instance,
      });
      assert.deepEqual(await bare.listed(), ['again']);
    });
    await t.test('its log holds what it said', async () => {
      const [id = ''] = desk.of('again', 'start');
      // It may come over a serial line.
      await eventually('the log has its words', async () => (await bare.log('again')).includes(`I am ${id}`));
    });
    await t.test('a stop again, later or at once, ends it once', async () => {
      await Promise.all([bare.stop('again', 1000), bare.stop('again', 1000)]);
      await bare.stop('again', 1000);
      assert.deepEqual(await engine.running('again', bare), []);
      assert.deepEqual(await bare.listed(), []);
      assert.equal(desk.of('again', 'end').length, 1);
    });
    await t.test('a boot of a generation that was stopped starts nothing', async () => {
      await bare.stop('never', 1000);
      await assert.rejects(bare.boot('never', 1000), { code: 'STALE_GENERATION' });
      assert.deepEqual(await engine.running('never', bare), []);
    });
    await t.test('a late stop of an older generation leaves the younger alone', async () => {
      const older = await bare.boot('late', 1000);
      await bare.stop('late', 1000);
      const younger = await bare.boot('late', 2000);
      await bare.stop('late', 1000);
      assert.equal((await bare.inspect('late', older.instance)).state, 'gone');
      assert.equal((await bare.inspect('late', younger.instance)).state, 'running');
      await bare.stop('late', 2000, 'delete');
    });
    await t.test('delete removes what the stop left', async () => {
      await bare.stop('again', 1000, 'delete');
      for (const name of names) assert.deepEqual(await engine.remains(name, bare), []);
    });
  });
}
