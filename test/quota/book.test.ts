import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QuotaLimits } from '../../workflows/messages.js';
import { QuotaBook } from '../../workflows/quota-book.js';

/** A book in which these have asked, in this order, each as NAME or USER/NAME. */
function asked(limits: QuotaLimits, ...names: string[]): QuotaBook {
  const book = new QuotaBook();
  for (const name of names) ask(book, limits, name);
  return book;
}

function ask(book: QuotaBook, limits: QuotaLimits, name: string, more = {}): void {
  const by = name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
  book.enter({ resource: name, ticket: 1, by, limits, runs: false, ...more });
}
const admitted = (book: QuotaBook) => book.admit().map(({ resource }) => resource);

test('as many boot at once as may, and the next when one has booted', () => {
  const book = asked({ boots: 2 }, 'a', 'b', 'c');
  assert.deepEqual(admitted(book), ['a', 'b']);
  book.booted('b', 1);
  assert.deepEqual(admitted(book), ['c']);
});

test('as many are awake as may, and the next when one has left', () => {
  const book = asked({ awake: 1 }, 'a', 'b');
  assert.deepEqual(admitted(book), ['a']);
  book.booted('a', 1);
  assert.deepEqual(admitted(book), []);
  book.leave('a', 1);
  assert.deepEqual(admitted(book), ['b']);
});

test('a user with few places comes before the many wakes of another', () => {
  const book = asked({ boots: 1 }, 'greedy/1', 'greedy/2', 'greedy/3', 'modest/1');
  assert.deepEqual(admitted(book), ['greedy/1']);
  book.booted('greedy/1', 1);
  assert.deepEqual(admitted(book), ['modest/1']);
});

test('what is awake needs no second place to boot again, only its turn', () => {
  const limits = { awake: 1, boots: 1 };
  const book = asked(limits, 'a');
  admitted(book);
  book.booted('a', 1);
  ask(book, limits, 'a', { ticket: 2 });
  assert.deepEqual(admitted(book), ['a']);
});

test('asked again, because the answer may have been lost, it is answered again and counted once', () => {
  const limits = { boots: 1 };
  const book = asked(limits, 'a');
  assert.deepEqual(admitted(book), ['a']);
  ask(book, limits, 'a');
  assert.deepEqual(admitted(book), ['a']);
  ask(book, limits, 'b');
  assert.deepEqual(admitted(book), []);
});

test('what runs already is counted, and waits for nothing', () => {
  const limits = { awake: 1 };
  const book = asked(limits, 'a');
  admitted(book);
  ask(book, limits, 'b', { runs: true });
  ask(book, limits, 'c');
  book.leave('a');
  assert.deepEqual(admitted(book), []);
});

test('a message of an older generation takes no place from a newer one', () => {
  const limits = { awake: 1 };
  const book = new QuotaBook();
  ask(book, limits, 'a', { ticket: 2 });
  admitted(book);
  book.leave('a', 1);
  book.booted('a', 1);
  assert.deepEqual(book.state.holders, { a: { ticket: 2, by: '', booting: true } });
});

test('who waits is told its place, and again as it comes near', () => {
  const book = asked({ boots: 1 }, 'a', 'b', 'c');
  admitted(book);
  const news = () => book.news().map(({ resource, ahead }) => `${resource} ${ahead}`);
  assert.deepEqual(news(), ['b 0', 'c 1']);
  assert.deepEqual(news(), []);
  book.leave('a', 1);
  admitted(book);
  assert.deepEqual(news(), ['c 0']);
});

test('a larger bound holds from the next ask on', () => {
  const book = asked({ boots: 1 }, 'a', 'b');
  assert.deepEqual(admitted(book), ['a']);
  ask(book, { boots: 3 }, 'c');
  assert.deepEqual(admitted(book), ['b', 'c']);
});
