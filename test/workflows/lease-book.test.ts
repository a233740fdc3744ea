import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseBook } from '../../workflows/lease-book.js';

const at = '127.0.0.1:1';
const granted = (book: LeaseBook, proxy: string) => book.state.answers[proxy]?.granted;

test('a grant tells how long the ask waited, so that a lease outlasts a boot longer than itself', () => {
  const book = new LeaseBook();
  book.wait({ proxy: 'p', ask: 1, at }, 1000);
  book.grantAll(5000, 7, 61_000);
  assert.deepEqual(granted(book, 'p'), { lease: 5000, waited: 60_000, generation: 7 });
});

test('the workflow counts a lease one second longer than the proxy', () => {
  const book = new LeaseBook();
  book.wait({ proxy: 'p', ask: 1, at }, 0);
  book.grantAll(5000, 7, 100);
  assert.equal(book.lastEnd, 6100);
});

test('an ask that is not higher than the last one of its proxy is ignored', () => {
  const book = new LeaseBook();
  assert.equal(book.note({ proxy: 'p', ask: 2, at }), true);
  assert.equal(book.note({ proxy: 'p', ask: 2, at }), false);
  assert.equal(book.note({ proxy: 'p', ask: 1, at }), false);
  assert.equal(book.note({ proxy: 'q', ask: 1, at }), true);
});

test('a lease that ends without release counts as use until its end, and its proxy is remembered', () => {
  const book = new LeaseBook();
  book.wait({ proxy: 'p', ask: 1, at }, 0);
  book.grantAll(5000, 7, 0);
  assert.equal(book.expire(5999), 0);
  assert.equal(book.expire(6000), 6000);
  assert.deepEqual(book.unreleased(), [{ proxy: 'p', at }]);
  assert.equal(book.lastEnd, 0);
});

test('a released lease is not asked about', () => {
  const book = new LeaseBook();
  book.wait({ proxy: 'p', ask: 1, at }, 0);
  book.grantAll(5000, 7, 0);
  book.release('p');
  assert.equal(book.expire(9000), 0);
  assert.deepEqual(book.holders(), []);
});

test('a refusal answers everyone who waits, once', () => {
  const book = new LeaseBook();
  book.wait({ proxy: 'p', ask: 7, at }, 0);
  book.refuseAll('STOPPED', 0);
  assert.deepEqual(book.state.answers.p, { ask: 7, refused: { code: 'STOPPED', retryIn: 0 } });
  assert.equal(book.anyWaiting, false);
});

test('proxies of the past are forgotten, those that hold or wait are not', () => {
  const book = new LeaseBook();
  book.note({ proxy: 'holder', ask: 1, at });
  book.wait({ proxy: 'holder', ask: 1, at }, 0);
  book.grantAll(5000, 7, 0);
  for (let n = 0; n < 1000; n++) book.note({ proxy: `old${n}`, ask: 1, at });
  assert.ok(Object.keys(book.state.lastAsk).length <= 201);
  assert.equal(book.note({ proxy: 'holder', ask: 1, at }), false);
});
