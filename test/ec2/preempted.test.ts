import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { Ec2Site } from '../kit/ec2-site.js';
import { engine, needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { instancePort } from '../kit/ports.js';

/** A page that names the instance, served where the instance is. */
const SERVE = `
id=$(/bin/busybox cat /proc/sys/kernel/random/uuid)
/bin/busybox mkdir -p "/tmp/www-$id"
trap '/bin/busybox rm -rf "/tmp/www-$id"; exit 0' TERM
echo "$id" > "/tmp/www-$id/index.html"
/bin/busybox httpd -f -p "$LISTEN:$PORT" -h "/tmp/www-$id" &
wait
`;

describe('preemption of a warm instance', needs('moto'), () => {
  let opened: Ec2Site | undefined;
  before(async () => {
    opened = await Ec2Site.start([engine('busybox'), 'sh', '-c', SERVE]);
  });
  after(() => opened?.close());

  async function warm(
    name: string,
    body: (house: House, site: Ec2Site, port: number) => Promise<void>,
  ): Promise<void> {
    assert.ok(opened);
    const site = opened;
    const port = await instancePort();
    const resource = {
      provider: 'ec2',
      ec2: {
        ...site.settings,
        image: site.image,
        type: 't3.micro',
        spot: true,
        userData: `PORT=${port}`,
        port,
        interval: '100ms',
        watch: '200ms',
      },
      health: { path: '/' },
      idle: { after: '10m' },
      lease: { time: '5m', stretch: 0 },
      routes: [{ path: '/' }],
    };
    const plan = { resources: { [name]: resource }, top: { site: 'preempted', reconcile: '1h' } };
    await House.live(plan, (house) => body(house, site, port));
  }
  const read = async (house: House) => {
    const response = await fetch(house.url('/'));
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text.trim();
  };

  test('the next request is answered by another instance', () =>
    warm('asked', async (house, site) => {
      const first = await read(house);
      const [before] = site.alive('asked');
      before?.interrupt();
      const second = await read(house);
      assert.notEqual(second, first);
      assert.notEqual(site.alive('asked')[0]?.options.id, before?.options.id);
      assert.equal(site.alive('asked').length, 1);
    }));

  test('noticed while nobody asks, nobody is sent to an address that a stranger has by then', (t) =>
    warm('unasked', async (house, site, port) => {
      const first = await read(house);
      const generation = (await house.resources.status('unasked'))?.generation ?? 0;
      const [before] = site.alive('unasked');
      assert.ok(before);
      before.interrupt();
      await eventually('another generation is ready', async () => {
        const now = await house.resources.status('unasked');
        return now?.phase === 'ready' && now.generation > generation;
      });
      let strangers = 0;
      const stranger = createServer((_, response) => {
        strangers += 1;
        response.end('a stranger');
      });
      stranger.listen(port, before.options.address);
      await once(stranger, 'listening');
      t.after(() => stranger.close());
      const answers = await Promise.all(Array.from({ length: 10 }, () => read(house)));
      assert.equal(new Set(answers).size, 1);
      assert.notEqual(answers[0], first);
      assert.equal(strangers, 0);
    }));
});
