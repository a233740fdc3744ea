import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { shortKey } from './account.js';
import { moveDurably } from './disk.js';
import type { Keeper } from './keeper.js';
import { isKey } from './layout.js';

/**
 * Puts aside what no process can have meant to leave: images that cannot be understood and nobody uses, names that are
 * no keys, states of images that are gone, and files that a crash left unfinished. Needs the lock of the store.
 */
export function sweep({ layout, records, options: { log } }: Keeper): void {
  for (const entry of layout.entries('images')) {
    if (isKey(entry) && records.image(entry) !== undefined) continue;
    if (isKey(entry) && records.state(entry).uses.length > 0) {
      log.error({ image: shortKey(entry) }, 'an image cannot be understood, and is kept as it is in use');
      continue;
    }
    log.warn({ image: entry }, 'an image cannot be understood: removed');
    moveDurably(layout.image(entry), layout.newAside());
  }
  for (const entry of layout.entries('drafts')) {
    if (!isKey(entry)) moveDurably(layout.draft(entry), layout.newAside());
  }
  const states = join(layout.directory, 'state');
  for (const entry of readdirSync(states)) {
    const key = entry.replace(/\.(json|evicting)$/, '');
    if (entry.endsWith('.new')) rmSync(join(states, entry), { force: true });
    else if (isKey(key) && !existsSync(layout.image(key))) {
      records.setEvicting(key, false);
      records.forget(key);
    }
  }
}
