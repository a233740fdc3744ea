import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { HostImages } from '../../activities/images/host-images.js';
import { configSchema } from '../../config/index.js';
import { tellImages } from '../../worker/image-metrics.js';
import { addImage, keyOf, MB, testFolder } from '../kit/image-store.js';
import { silentLog } from '../kit/silent-log.js';

test('the images of a host are told by whether they are used; a host without any has none made for the question', async (t) => {
  const folder = testFolder(t);
  const file = configSchema.parse({ images: { directory: 'images', budget: '100MB' } });
  const config = { ...file, file: undefined, folder };
  const images = new HostImages({ config, stateDir: folder, host: 'h', log: silentLog });
  const registry = new Registry();
  tellImages(registry, images);
  assert.match(await registry.metrics(), /^reveille_image_cache_bytes\{use="used"\} 0$/m);
  assert.equal(existsSync(join(folder, 'images')), false);

  const store = await images.store();
  const used = await addImage(store, keyOf('a'), 2 * MB, ['app@1']);
  const unused = await addImage(store, keyOf('b'), MB);
  const text = await registry.metrics();
  for (const line of [
    `reveille_image_cache_bytes{use="used"} ${used.bytes}`,
    `reveille_image_cache_bytes{use="unused"} ${unused.bytes}`,
    'reveille_image_cache_images{use="used"} 1',
    'reveille_image_cache_images{use="unused"} 1',
    `reveille_image_cache_budget_bytes ${100 * MB}`,
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} is not in\n${text}`);
  }
  await images.close();
});
