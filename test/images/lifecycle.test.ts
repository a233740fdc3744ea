import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { hostName, imagesOf } from '../../config/index.js';
import { imageId, imageSignals } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { askForProblem } from '../kit/house-client.js';
import { Mirror, sha256 } from '../kit/mirror.js';
import { bytes, told, user } from './kit.js';

async function serving(
  files: Record<string, Buffer>,
  body: (server: Mirror) => Promise<void>,
): Promise<void> {
  const server = await Mirror.start(files);
  try {
    await body(server);
  } finally {
    await server.close();
  }
}

test('IP1, IP6: an image named by URL and hash is fetched once, whichever resource asks, and handed over', async () => {
  const data = bytes(3);
  await serving({ data }, async (server) => {
    const one = user(server.source('data'), { routes: [{ path: '/one' }] });
    const two = user(server.source('data'), { routes: [{ path: '/two' }] });
    await House.live({ resources: { one, two } }, async (house) => {
      const answer = await told(house, '/one');
      assert.equal(answer.sha256, sha256(data));
      const second = await told(house, '/two');
      assert.equal(second.file, answer.file);
      assert.equal(server.asked, 1);
      const status = await house.resources.status('one');
      assert.deepEqual(
        status?.steps.map(({ step }) => step),
        ['image', 'boot', 'health'],
      );
    });
  });
});

test('IPF1: while an image is fetched the resource is imaging, and says how far it is', async () => {
  const data = bytes(32);
  await serving({ data }, async (server) => {
    const sizeOfHalf = data.length / 2;
    let isHeld = true;
    server.manner = { flows: () => !isHeld || server.sent < sizeOfHalf };
    await House.live(
      { resources: { one: user(server.source('data'), { routes: [{ path: '/' }] }) } },
      async (house) => {
        const waiting = told(house, '/');
        const image = await eventually('half of it is there', async () => {
          const status = await house.resources.status('one');
          return (
            status?.phase === 'imaging' &&
            status.image !== undefined &&
            status.image.bytes > 0 &&
            status.image
          );
        });
        assert.equal(image.step, 'fetching');
        assert.equal(image.total, data.length);
        assert.ok(image.bytes <= sizeOfHalf);
        isHeld = false;
        assert.equal((await waiting).sha256, sha256(data));
      },
    );
  });
});

test('IP7: all who wait are told why an image cannot be had, and the next who asks has it fetched anew', async () => {
  const data = bytes(1);
  await serving({ data }, async (server) => {
    server.manner = { status: 403 };
    const backoff = { first: '100ms', max: '100ms' };
    const resources = Object.fromEntries(
      ['one', 'two'].map((name) => [
        name,
        user(server.source('data'), { backoff, routes: [{ path: `/${name}` }] }),
      ]),
    );
    await House.live({ resources }, async (house) => {
      const problems = await Promise.all(['/one', '/two'].map((path) => askForProblem(house.url(path))));
      for (const { status, body } of problems) {
        assert.equal(status, 502);
        assert.equal(body.code, 'IMAGE_REFUSED');
      }
      server.manner = {};
      await eventually('it is fetched', async () => (await told(house, '/one')).sha256 === sha256(data));
      assert.equal((await told(house, '/two')).sha256, sha256(data));
    });
  });
});

test('IP3: a wrong hash fails with both hashes, and nothing is left of the bytes', async () => {
  const data = bytes(1);
  const wrong = sha256(Buffer.from('something else'));
  await serving({ data }, async (server) => {
    const source = { ...server.source('data'), sha256: wrong };
    await House.live({ resources: { one: user(source, { routes: [{ path: '/' }] }) } }, async (house) => {
      const { status, body } = await askForProblem(house.url('/'));
      assert.equal(status, 502);
      assert.equal(body.code, 'IMAGE_DIGEST_MISMATCH');
      assert.ok(body.detail.includes(wrong) && body.detail.includes(sha256(data)), body.detail);
      const left = readdirSync(house.path('.reveille/images'), { recursive: true, withFileTypes: true });
      const sizes = left
        .filter((entry) => entry.isFile())
        .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).size);
      assert.ok(Math.max(...sizes) < 10_000, String(sizes));
    });
  });
});

test('an image without credentials in any history: they are a reference until they are sent', async () => {
  const data = bytes(1);
  await serving({ data }, async (server) => {
    const source = { ...server.source('data'), credentials: 'Bearer ${env:IMAGE_TOKEN}' };
    const plan = {
      resources: { one: user(source, { routes: [{ path: '/' }] }) },
      furnish: () => ({ IMAGE_TOKEN: 'a-secret-of-the-operator' }),
    };
    await House.live(plan, async (house) => {
      await told(house, '/');
      assert.equal(server.headers.at(-1)?.authorization, 'Bearer a-secret-of-the-operator');
      const { client } = house.connection;
      let read = 0;
      for await (const { workflowId, runId } of client.workflow.list()) {
        const text = JSON.stringify(
          await client.workflow.getHandle(workflowId, runId).fetchHistory(),
          (_, value) =>
            value instanceof Uint8Array || value?.type === 'Buffer' ? Buffer.from(value).toString() : value,
        );
        assert.ok(!text.includes('a-secret-of-the-operator') && !text.includes(server.url('data')));
        read += 1;
      }
      assert.ok(read >= 1);
    });
  });
});

test('IP11: a fetch whose history has become long goes on in a new one, from where it was', async () => {
  const data = bytes(32);
  await serving({ data }, async (server) => {
    const half = data.length / 2;
    server.manner = { flows: (at) => at < half };
    const resources = { one: user(server.source('data'), { routes: [{ path: '/' }] }) };
    await House.live({ resources }, async (house) => {
      const waiting = told(house, '/');
      waiting.catch(() => {});
      await eventually('half of it is there', () => server.reached >= half);
      const definition = house.config.resources.one;
      const [wanted] = definition === undefined ? [] : imagesOf(definition);
      const { workflow } = house.connection.client;
      const handle = workflow.getHandle(imageId(wanted?.key ?? '', hostName(house.config)));
      const { runId } = await handle.describe();
      // Nobody's, and large: the server suggests a new history at 4 MiB.
      for (let sent = 0; sent < 45; sent++)
        await handle.signal(imageSignals.want, { junk: 'x'.repeat(100_000) });
      await eventually('it is another run', async () => (await handle.describe()).runId !== runId);
      server.manner = {};
      assert.equal((await waiting).sha256, sha256(data));
      assert.ok(server.sent < data.length * 1.4, `${server.sent} bytes were sent`);
    });
  });
});

test('IP7: a stop while an image is fetched ends the wait at once; the fetch goes on for whoever asks next', async () => {
  const data = bytes(8);
  await serving({ data }, async (server) => {
    let isHeld = true;
    server.manner = { flows: () => !isHeld };
    const resources = { one: user(server.source('data'), { routes: [{ path: '/' }] }) };
    await House.live({ resources }, async (house) => {
      const held = askForProblem(house.url('/'));
      await eventually('it is asked for', () => server.asked === 1);
      await house.resources.stop('one');
      assert.equal((await held).body.code, 'STOPPED');
      await house.untilAsleep('one');
      isHeld = false;
      assert.equal((await told(house, '/')).sha256, sha256(data));
      assert.equal(server.asked, 1);
    });
  });
});
