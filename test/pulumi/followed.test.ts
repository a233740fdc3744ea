import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Change } from '../../activities/providers/contract.js';
import { createProviders } from '../../activities/providers/table.js';
import { configSchema, readSettings } from '../../config/index.js';
import { eventually } from '../kit/conditions.js';
import { Yard } from '../kit/ec2-yard.js';
import { needs } from '../kit/engines.js';
import { tempFolder } from '../kit/scripts.js';
import { silentLog } from '../kit/silent-log.js';

describe('an instance that a template has created at a cloud', needs('moto'), () => {
  let opened: Yard | undefined;
  before(async () => {
    opened = await Yard.open();
  });
  after(() => opened?.close());

  test('is listed while it runs, and its end is told of although nobody asks', async (t) => {
    assert.ok(opened);
    const { site } = opened;
    const folder = tempFolder(t);
    const id = await site.create({ GREETING: 'hello' });
    // As an `up` leaves it.
    const home = join(folder, 'pulumi', 'shop');
    const settings = {
      region: site.settings.region,
      endpoint: site.settings.endpoint,
      instance: id,
      port: 80,
    };
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'lock'), '');
    writeFileSync(join(home, 'begun'), '');
    writeFileSync(
      join(home, 'stack.json'),
      JSON.stringify({ wanted: '', outputs: { provider: 'ec2', settings } }),
    );
    const { credentials } = site.settings;
    const instance = { credentials, interval: '50ms', watch: '50ms', settle: '300ms' };
    const resources = { shop: { provider: 'pulumi', pulumi: { template: './own.mjs', instance } } };
    const parsed = configSchema.parse({ site: 'yard', resources });
    const config = { ...parsed, file: undefined, folder };
    const { pulumi, ec2 } = createProviders({ config, stateDir: folder, host: 'yard', log: silentLog });
    const abort = new AbortController();
    const context = { signal: abort.signal, heartbeat: () => {} };
    const definition = config.resources.shop;
    const read = readSettings('ec2', { ...settings, ...instance });
    assert.ok(definition);
    const request = { name: 'shop', generation: 1000, params: {}, revision: 'r1' };
    await ec2.boot({ ...request, definition: { ...definition, provider: 'ec2', ec2: read } }, context);
    assert.deepEqual(
      (await pulumi.list(context)).map(({ name }) => name),
      ['shop'],
    );

    const told: Change[] = [];
    const following = pulumi.follow?.((change) => void told.push(change), context);
    site.guests.get(id)?.crash();
    await eventually('its end is told of', () =>
      told.some((one) => one.kind === 'ended' && one.name === 'shop' && one.generation === 1000),
    );
    abort.abort();
    await following;
  });
});
