import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { ask, askForProblem } from '../kit/house-client.js';

/** The server remembers pollers for a minute, and a host without any for that long counts as gone. */
const GONE_MS = 150_000;
const hosts = ['one', 'two'];
const idle = { after: '10m' };

const at = (path: string, placement: object) =>
  app({}, { idle, routes: [{ path }], placement: { hosts, ...placement }, backoff: { first: '100ms' } });
/** Posing as another host: a name, a folder and ports of its own. */
const host = (name: string, ports: string) => ({
  top: { worker: { host: name, ports }, state: `state-${name}` },
});
const ONE = host('one', '27000-27049');
const TWO = host('two', '27050-27099');

const plan = {
  resources: { moving: at('/moving', { moves: true }), bound: at('/bound', {}), given: at('/given', {}) },
};

test('a host is lost for good: what may move boots on another, what may not says so, and goes on when it is back', () =>
  House.live(plan, async (house) => {
    await house.worker.end('SIGTERM');
    const one = await house.startWorker('worker one', ONE);
    const two = await house.startWorker('worker two', TWO);
    const names = ['moving', 'bound', 'given'];
    const hostOf = async (name: string) => (await house.resources.status(name))?.instance?.host;
    await Promise.all(names.map((name) => ask(house.url(`/${name}`))));
    assert.deepEqual(await Promise.all(names.map(hostOf)), ['one', 'one', 'one']);

    await one.end('SIGKILL');
    for (const pid of names.flatMap((name) => house.instancesOf(name))) process.kill(pid, 'SIGKILL');
    const [moved, bound, given] = await Promise.all([
      ask(house.url('/moving')),
      askForProblem(house.url('/bound')),
      askForProblem(house.url('/given')),
    ]);
    assert.equal(await hostOf('moving'), 'two');
    assert.deepEqual(house.instancesOf('moving'), [moved.pid]);
    assert.deepEqual([bound.status, bound.body.code, given.body.code], [503, 'HOST_GONE', 'HOST_GONE']);
    // Its stop waits for the host, and so nothing else runs; until the operator gives it up.
    const refused = async () => (await askForProblem(house.url('/given'))).body.code === 'HOST_GONE';
    await eventually(
      'the stop has found the host gone',
      async () => {
        const status = await house.resources.status('given');
        return status?.phase === 'stopping' && (await refused());
      },
      GONE_MS,
    );
    await house.resources.stop('given', { force: true });
    await house.untilAsleep('given');
    // The proxy repeats what it was told last for as long as it was told.
    await eventually('it boots on the other host', () => ask(house.url('/given')));
    assert.equal(await hostOf('given'), 'two');
    assert.deepEqual(house.instancesOf('bound'), []);

    await two.end('SIGTERM');
    await house.startWorker('worker one', ONE);
    await house.untilAsleep('bound');
    await ask(house.url('/bound'));
    assert.equal(await hostOf('bound'), 'one');
  }));
