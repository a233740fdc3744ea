import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '../../activities/providers/pulumi/turns.js';

/** Operations that go on until they are told to end, and the names of those that have begun. */
function site(limit: { now: number }) {
  const turns = new Turns(() => limit.now);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const take = (name: string, signal = new AbortController().signal) =>
    turns.take(signal, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    });
  return { turns, begun, take, end: (name: string) => ends.get(name)?.() };
}

/** Whatever a promise that is settled leads to has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('so many run at the same time, and the others come in turn', async () => {
  const { begun, take, end } = site({ now: 2 });
  const all = ['a', 'b', 'c', 'd'].map((name) => take(name));
  await settled();
  assert.deepEqual(begun, ['a', 'b']);
  end('b');
  await all[1];
  await settled();
  assert.deepEqual(begun, ['a', 'b', 'c']);
  end('a');
  end('c');
  await Promise.all([all[0], all[2]]);
  await settled();
  end('d');
  await all[3];
});

test('a bound that is raised lets in who waits, all for whom there is room', async () => {
  const limit = { now: 1 };
  const { turns, begun, take, end } = site(limit);
  const all = ['a', 'b', 'c', 'd'].map((name) => take(name));
  await settled();
  limit.now = 3;
  turns.admit();
  await settled();
  assert.deepEqual(begun, ['a', 'b', 'c'], 'nothing has ended');
  limit.now = 1;
  for (const name of ['a', 'b']) end(name);
  await Promise.all([all[0], all[1]]);
  await settled();
  assert.deepEqual(begun, ['a', 'b', 'c'], 'and one that is lowered lets nobody in before there is room');
  end('c');
  await all[2];
  await settled();
  end('d');
  await all[3];
});

test('whoever gives up while he waits takes nobody’s turn', async () => {
  const { begun, take, end } = site({ now: 1 });
  const [first, giving] = [take('a'), new AbortController()];
  const left = take('b', giving.signal);
  const last = take('c');
  giving.abort(new Error('enough'));
  await assert.rejects(left, /enough/);
  end('a');
  await first;
  await settled();
  assert.deepEqual(begun, ['a', 'c']);
  end('c');
  await last;
});
