import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';
import { takeBytes } from '../kit/house-bytes.js';
import { ask, send } from '../kit/house-client.js';
import { throughout } from '../kit/throughout.js';
import { leaseOf, Traffic } from '../kit/use.js';

/** No lease ends here by itself, so that nothing but what a test is about can end a wait. */
const LASTING = { idle: { after: '30m' }, lease: { time: '10m' } };
const DOWNLOAD_BYTES = 50_000_000;
const listen = '127.0.0.1:0';

describe('stop on a busy resource with two proxies', () => {
  test('nothing reaches the instance after its stop began, and what comes meanwhile is answered by the next', () => {
    const busy = app({ END_WHEN: 'may-end' }, LASTING);
    return House.live({ resources: { busy } }, async (house) => {
      const two = await house.startProxy('proxy two');
      const first = await ask(house.url('/'));
      const traffic = [house.proxy, house.proxy, two, two].map((proxy) => new Traffic(() => proxy.url('/')));
      const all = () => traffic.flatMap(({ answers }) => answers);
      await eventually('all are at it', () => traffic.every(({ answers }) => answers.length > 20));
      await house.resources.stop('busy');
      await house.journaled('term');
      // It lives on for a while, and would answer.
      await throughout(1000, () => assert.deepEqual(house.journal('late'), []));
      house.allow('may-end');
      await eventually('the next generation answers all', () =>
        traffic.every(({ answers }) => answers.at(-1)?.pid !== first.pid),
      );
      for (const one of traffic) await one.end();
      assert.deepEqual(house.journal('late'), []);
      assert.deepEqual(
        traffic.flatMap(({ errors }) => errors),
        [],
      );
      const { pid } = await house.journaled('start', 2);
      assert.deepEqual(new Set(all().map((answer) => answer.pid)), new Set([first.pid, pid]));
      assert.equal(house.journal('start').length, 2);
    });
  });

  test('downloads in flight through both get the time that they need, within drain', () =>
    House.live(
      { resources: { busy: app({}, LASTING) }, top: { proxy: { listen, drain: '10m' } } },
      async (house) => {
        const two = await house.startProxy('proxy two');
        const url = `/bytes?size=${DOWNLOAD_BYTES}`;
        const downloads = [await send(house.url(url)), await send(two.url(url))];
        await house.resources.stop('busy');
        await eventually(
          'it is draining',
          async () => (await house.resources.ready('busy'))?.phase === 'draining',
        );
        const held = ask(house.url('/'));
        for (const download of downloads) {
          assert.deepEqual(house.journal('term'), []);
          assert.equal((await takeBytes(download)).bytes, DOWNLOAD_BYTES);
        }
        const { generation } = await held;
        assert.ok(generation > (await house.journaled('term')).generation);
        assert.equal(house.journal('sent').length, downloads.length);
      },
    ));

  test('a download that outlasts drain holds the stop up for drain, no longer', () => {
    const DRAIN_MS = 3000;
    const top = { proxy: { listen, drain: `${DRAIN_MS}ms` } };
    return House.live({ resources: { busy: app({}, LASTING) }, top }, async (house) => {
      const two = await house.startProxy('proxy two');
      const download = await send(two.url(`/bytes?size=${DOWNLOAD_BYTES}`));
      const before = Date.now();
      await house.resources.stop('busy');
      const { at } = await house.journaled('term');
      assert.ok(at - before >= DRAIN_MS, `stopped after ${at - before} ms`);
      await assert.rejects(takeBytes(download), 'it is cut off');
      await house.untilAsleep('busy');
    });
  });

  test('a proxy that hangs delays it by its lease, no longer', () => {
    const busy = app({}, { idle: { after: '30m' }, lease: { time: '6s' } });
    return House.live({ resources: { busy }, top: { proxy: { listen, drain: '10m' } } }, async (house) => {
      const two = await house.startProxy('proxy two');
      const hanging = await send(two.url(`/bytes?size=${DOWNLOAD_BYTES}`));
      const { proxy } = await leaseOf(house, 'busy');
      await ask(house.url('/'));
      await two.pause();
      const { until } = await leaseOf(house, 'busy', (lease) => lease.proxy === proxy);
      await house.resources.stop('busy');
      const { at } = await house.journaled('term');
      assert.ok(at >= until, `stopped ${until - at} ms before the end of its lease`);
      await house.untilAsleep('busy');
      two.goOn();
      hanging.destroy();
      const { generation } = await ask(two.url('/'));
      assert.ok(generation > (await house.journaled('end')).generation);
      assert.deepEqual(house.journal('late'), []);
    });
  });
});
