import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoredImage } from '../../activities/images/store/records.js';
import type { ImageStore } from '../../activities/images/store/store.js';
import { isReveilleError } from '../../errors/index.js';
import { keyOf, openStore } from './image-store.js';

// node image-store-load.js DIRECTORY BUDGET IMAGES BYTES: a process that uses images of a store at random, fetching
// those that are not there, until it is killed. It prints a line for each use: `used`, `full`, or what went wrong.

const [directory = '', budget, images, bytes] = process.argv.slice(2);
const store = await openStore(directory, { budgetBytes: Number(budget) });
const say = (line: string) => process.stdout.write(`${line}\n`);

for (let turn = 0; ; turn++) {
  const user = `${process.pid}@${turn}`;
  try {
    const image = await get(store, keyOf(`image ${randomInt(Number(images))}`), user);
    await delay(randomInt(30));
    say(isWhole(image) ? 'used' : 'an image changed while it was in use');
    await store.release(image.key, user);
  } catch (error) {
    if (isReveilleError(error) && error.code === 'IMAGE_NO_SPACE') say('full');
    else say(`failed: ${error instanceof Error ? error.stack : error}`.replaceAll('\n', ' '));
  }
}

async function get(from: ImageStore, key: string, user: string): Promise<StoredImage> {
  for (;;) {
    const found = await from.use(key, user);
    if (found !== undefined) return found;
    const draft = await from.begin(key);
    if (draft === undefined) continue;
    try {
      // The length shows little by little, as of a server that does not tell.
      const content = randomBytes(Number(bytes));
      for (let part = 1; part <= 4; part++) {
        await draft.reserve((content.length / 4) * part);
        writeFileSync(join(draft.files, 'disk'), content.subarray(0, (content.length / 4) * part));
      }
      return await draft.commit({ type: 'raw', digests: {}, files: [{ path: 'disk', type: 'raw' }] }, [user]);
    } catch (error) {
      await draft.discard();
      throw error;
    }
  }
}

function isWhole({ files }: StoredImage): boolean {
  return files.every(({ file, bytes: expected }) => readFileSync(file).length === expected);
}
