import { Gauge, type Registry } from 'prom-client';
import type { HostImages } from '../activities/images/host-images.js';

/** What Prometheus learns of the images of this host: looked up when it asks. */
export function tellImages(registry: Registry, images: HostImages): void {
  // Workers of one host share its cache: control takes the largest, not the sum.
  const common = { labelNames: ['use' as const], registers: [registry], aggregator: 'max' as const };
  const stored = async () => {
    if (!images.isUsed) return [];
    const store = await images.store().catch(() => undefined);
    return store?.list() ?? [];
  };
  new Gauge({
    ...common,
    name: 'reveille_image_cache_bytes',
    help: 'What the images of this host take up, by whether a resource uses them',
    async collect() {
      const sums = { used: 0, unused: 0 };
      for (const { bytes, users } of await stored()) sums[users.length > 0 ? 'used' : 'unused'] += bytes;
      for (const [use, sum] of Object.entries(sums)) this.set({ use }, sum);
    },
  });
  new Gauge({
    ...common,
    name: 'reveille_image_cache_images',
    help: 'Images of this host, by whether a resource uses them',
    async collect() {
      const all = await stored();
      const used = all.filter(({ users }) => users.length > 0).length;
      this.set({ use: 'used' }, used);
      this.set({ use: 'unused' }, all.length - used);
    },
  });
  new Gauge({
    name: 'reveille_image_cache_budget_bytes',
    help: 'What the images of this host may take up (images.budget)',
    registers: [registry],
    aggregator: 'max',
    collect() {
      this.set(images.config.images.budget);
    },
  });
}
