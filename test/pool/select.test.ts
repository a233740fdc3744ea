import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Standing } from '../../proxy/gate-contract.js';
import { poolsOf } from '../../proxy/pool/pools.js';
import type { Asked, Pool, Route } from '../../proxy/route.js';
import { FakeGate } from '../kit/fake-gate.js';
import { configOf } from '../kit/http-bench.js';

const ROUTE = { resource: 'many', label: 'many', rulesOf: 'many' } as Route;
const MEMBERS = ['a', 'b', 'c'];

/** A pool of a, b and c, and what is chosen from it. */
class Choices {
  readonly gate = new FakeGate();
  readonly #pool: Pool;

  constructor(settings: object) {
    const resources = Object.fromEntries(MEMBERS.map((name) => [name, {}]));
    const config = configOf({ resources, pools: { many: { members: MEMBERS, ...settings } } });
    const pool = poolsOf(config, true).get('many');
    assert.ok(pool);
    this.#pool = pool;
  }

  are(standings: Record<string, [Standing['standing'], number]>): this {
    for (const [name, [standing, load]] of Object.entries(standings)) {
      this.gate.standings.set(name, { standing, load });
    }
    return this;
  }

  route(asked: Partial<Asked> = {}): Route {
    const base = {
      authority: 'x',
      target: '/',
      visitor: { groups: [] },
      address: '10.0.0.1',
      cookies: undefined,
    };
    const refusal = (what: string) => new Error(what) as ReturnType<Asked['refusal']>;
    return this.#pool.choose(ROUTE, { ...base, allows: () => true, refusal, ...asked }, this.gate);
  }

  many(count: number, asked: (index: number) => Partial<Asked> = () => ({})): string[] {
    return Array.from({ length: count }, (_, index) => this.route(asked(index)).resource);
  }
}

test('first: the first one that the visitor may use', () => {
  const pool = new Choices({ select: 'first' });
  assert.deepEqual(pool.many(3), ['a', 'a', 'a']);
  assert.equal(pool.route({ allows: (name) => name !== 'a' }).resource, 'b');
});

test('random: every one in time', () => {
  assert.deepEqual(new Set(new Choices({ select: 'random' }).many(200)), new Set(MEMBERS));
});

test('roundRobin: one after the other', () => {
  assert.deepEqual(new Choices({ select: 'roundRobin' }).many(6), ['a', 'b', 'c', 'a', 'b', 'c']);
});

test('leastConnections: who has the fewest in flight', () => {
  const pool = new Choices({ select: 'leastConnections' });
  pool.are({ a: ['awake', 3], b: ['awake', 1], c: ['awake', 2] });
  assert.equal(pool.route().resource, 'b');
});

test('SB11: clientAddress: each client has its own, over all proxies, and one that goes moves only its own', () => {
  const pool = new Choices({ select: 'clientAddress' });
  const address = (index: number) => ({ address: `10.0.0.${index}` });
  const chosen = pool.many(200, address);
  assert.deepEqual(new Choices({ select: 'clientAddress' }).many(200, address), chosen);
  assert.deepEqual(new Set(chosen), new Set(MEMBERS));
  const without = pool.many(200, (index) => ({ ...address(index), allows: (name) => name !== 'b' }));
  chosen.forEach((name, index) => {
    if (name !== 'b') assert.equal(without[index], name);
  });
});

test('cookie: a client comes back to its member, and the cookie tells nobody its name', () => {
  const pool = new Choices({ select: 'cookie' });
  pool.are({ a: ['awake', 5], b: ['awake', 0], c: ['awake', 5] });
  const { resource, cookie = '' } = pool.route();
  assert.equal(resource, 'b');
  assert.match(cookie, /^reveille-many=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
  pool.are({ b: ['asleep', 9] });
  const cookies = `other=1; ${cookie.split(';')[0]}`;
  const again = pool.route({ cookies });
  assert.deepEqual([again.resource, again.cookie], ['b', undefined]);
  assert.notEqual(pool.route({ cookies, allows: (name) => name !== 'b' }).resource, 'b', 'no longer theirs');
  assert.notEqual(pool.route({ cookies: 'reveille-many=0123456789abcdef' }).cookie, undefined, 'forged');
});

test('who is awake comes before who wakes, and who sleeps before whose boot failed', () => {
  const pool = new Choices({ select: 'roundRobin' });
  pool.are({ a: ['failing', 0], b: ['asleep', 0], c: ['waking', 0] });
  assert.deepEqual(pool.many(2), ['c', 'c']);
  pool.are({ c: ['awake', 0] });
  assert.deepEqual(pool.many(2), ['c', 'c']);
  pool.are({ c: ['failing', 0] });
  assert.deepEqual(pool.many(2), ['b', 'b']);
  pool.are({ b: ['failing', 0] });
  assert.equal(new Set(pool.many(3)).size, 3, 'all are bad: all are tried');
});

test('with per, no more are used than the requests in flight need, and the next is woken ahead', () => {
  const pool = new Choices({ select: 'first', per: 2 });
  pool.are({ a: ['awake', 1], b: ['asleep', 0], c: ['asleep', 0] });
  assert.equal(pool.route().resource, 'a');
  assert.deepEqual(pool.gate.nudged, []);
  pool.are({ a: ['awake', 2] });
  assert.equal(pool.route().resource, 'a', 'nobody waits for a boot while somebody is awake');
  assert.deepEqual(pool.gate.nudged, ['b']);
  pool.are({ b: ['awake', 0] });
  assert.equal(pool.route().resource, 'b');
  pool.are({ a: ['awake', 0], b: ['awake', 1], c: ['awake', 0] });
  assert.deepEqual(pool.many(3), ['a', 'a', 'a'], 'as load falls, the others are left to fall asleep');
});

test('a burst on a pool that sleeps wakes as many as it needs', () => {
  const pool = new Choices({ select: 'first', per: 2 });
  const woken: string[] = [];
  for (let request = 0; request < 7; request++) {
    const { resource } = pool.route();
    woken.push(resource);
    pool.are({ [resource]: ['waking', woken.filter((name) => name === resource).length] });
  }
  assert.deepEqual(woken.slice(0, 6), ['a', 'a', 'b', 'b', 'c', 'c']);
  assert.equal(pool.gate.nudged.length, 0);
});
