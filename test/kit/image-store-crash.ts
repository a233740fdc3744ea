import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

// node image-store-crash.js DIRECTORY KEY OTHER N: makes an image and removes another, and is killed right before the
// Nth time that it changes anything on the disk. Ends with 0 where there are fewer.

const [directory = '', key = '', other = '', at = ''] = process.argv.slice(2);
let left = Number(at);

function count(): void {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

/** Wraps the functions of these names, so that each call counts. */
function watch(module: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) {
    const original = module[name];
    if (typeof original !== 'function') throw new Error(`${name} is no function`);
    module[name] = (...args: unknown[]) => {
      count();
      return Reflect.apply(original, module, args);
    };
  }
}

const { addImage, openStore, NEVER } = await import('./image-store.js');
const store = await openStore(directory);
watch(fs as unknown as Record<string, unknown>, [
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmSync',
  'writeFileSync',
]);
watch(promises as unknown as Record<string, unknown>, ['rm', 'open']);
syncBuiltinESMExports();

const draft = await store.begin(key);
if (draft === undefined) throw new Error('it is there already');
await draft.reserve(100_000);
fs.writeFileSync(join(draft.work, 'part'), 'part');
fs.writeFileSync(join(draft.files, 'kernel'), 'the kernel');
fs.writeFileSync(join(draft.files, 'ramdisk'), 'the ramdisk');
await draft.commit(
  {
    type: 'kernel',
    digests: {},
    files: [
      { path: 'kernel', type: 'kernel' },
      { path: 'ramdisk', type: 'ramdisk' },
    ],
  },
  ['web@1'],
);
await store.remove(other, NEVER);
await addImage(store, other, 1000);
process.exit(0);
