import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needs } from '../kit/engines.js';
import { addApp, reveille } from '../kit/reveille.js';
import { until } from '../kit/scripts.js';
import { type Site, site, untilUp } from '../kit/up.js';

const pidOf = async ({ proxy }: Site) => Number(await (await fetch(`http://127.0.0.1:${proxy}/`)).text());

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('at its end up stops what is awake, telling so', needs('temporal'), async (context) => {
  const place = await site(context);
  addApp(place);
  const up = reveille(context, place, 'up');
  await untilUp(up);
  const pid = await pidOf(place);
  up.child.kill('SIGTERM');
  const { code, stderr } = await up.ended;
  assert.equal(code, 0);
  assert.match(stderr, /stopping app …\n.*app is asleep\n.*ended\n$/s);
  assert.equal(lives(pid), false);
});

test('with onExit: keep it goes on, and the next up adopts it', needs('temporal'), async (context) => {
  const place = await site(context, 'onExit: keep\n');
  addApp(place);
  const first = reveille(context, place, 'up');
  await untilUp(first);
  const pid = await pidOf(place);
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 0);
  assert.equal(lives(pid), true);
  const second = reveille(context, place, 'up');
  await untilUp(second);
  assert.equal(await pidOf(place), pid);
  second.child.kill('SIGTERM');
  assert.equal((await second.ended).code, 0);
});

test('a second Ctrl-C leaves what is awake, and says which', needs('temporal'), async (context) => {
  const place = await site(context);
  addApp(place, "process.on('SIGTERM', () => {})");
  const up = reveille(context, place, 'up');
  await untilUp(up);
  await pidOf(place);
  up.child.kill('SIGINT');
  await until(() => up.output().includes('stopping app'));
  // Beyond the time in which two are taken as one: the first was seen, so a later one is another wish.
  const again = setInterval(() => up.child.kill('SIGINT'), 600);
  context.after(() => clearInterval(again));
  await until(() => up.output().includes('left awake'));
  clearInterval(again);
  const { stderr } = await up.ended;
  assert.match(stderr, /left awake \(as you wish; adopted at the next start\): app/);
});
