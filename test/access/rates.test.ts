import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rates } from '../../access/rates.js';

const RATE = { count: 3, every: 3000 };

test('a rate gives its whole count at once, and then one more in its share of the time', () => {
  const rates = new Rates();
  for (let i = 0; i < 3; i++) {
    assert.equal(rates.waitOf('a', RATE, 0), 0);
    rates.take('a', RATE, 10, 0);
  }
  assert.equal(rates.waitOf('a', RATE, 0), 1000);
  assert.equal(rates.waitOf('a', RATE, 400), 600);
  assert.equal(rates.waitOf('a', RATE, 1000), 0);
  assert.equal(rates.waitOf('b', RATE, 0), 0);
});

test('it never saves up more than its count', () => {
  const rates = new Rates();
  rates.take('a', RATE, 10, 0);
  for (let i = 0; i < 3; i++) rates.take('a', RATE, 10, 1e9);
  assert.equal(rates.waitOf('a', RATE, 1e9), 1000);
});

test('beyond its bound whoever came least lately is forgotten', () => {
  const rates = new Rates();
  const once = { count: 1, every: 1000 };
  rates.take('a', once, 2, 0);
  rates.take('b', once, 2, 0);
  rates.take('a', once, 2, 0);
  rates.take('c', once, 2, 0);
  assert.equal(rates.waitOf('b', once, 0), 0);
  assert.ok(rates.waitOf('a', once, 0) > 0);
});
