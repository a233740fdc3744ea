import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Program } from '../../activities/images/unpack/program.js';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { testFolder } from '../kit/image-store.js';
import { Unpacking } from '../kit/unpack.js';

const WAITING = fileURLToPath(new URL('../kit/unpack-waiting.js', import.meta.url));

/** Its command line; empty where it has ended, whoever has to notice that. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

test(
  'IP11: a program that unpacks ends with the process that it works for, however that ends',
  needs('zstd'),
  async (t) => {
    const pipe = join(testFolder(t), 'pipe');
    execFileSync('mkfifo', [pipe]);
    // So that it does not end because nobody writes any more.
    const open = openSync(pipe, 'r+');
    t.after(() => closeSync(open));
    const child = spawn(process.execPath, [WAITING, pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    const pid = Number(line);
    await eventually('it runs', () => commandOf(pid).includes('zstd\0--decompress'));
    child.kill('SIGKILL');
    await eventually('it has ended, too', () => !commandOf(pid).includes('zstd'));
  },
);

test('a program that wants more memory than it may have fails by name', needs('xz'), async (t) => {
  const bytes = execFileSync('xz', ['-9', '-c'], { input: Buffer.alloc(1000) });
  const unpacking = new Unpacking(t);
  const limits = { maxBytes: 1e9, maxRatio: 1000, maxEntries: 10, maxMemoryBytes: 60e6 };
  await assert.rejects(unpacking.run(bytes, { type: 'raw', limits }), {
    code: 'IMAGE_UNPACKS_TOO_LARGE',
    message: /xz needs more than the 60000000 bytes of memory/,
  });
  assert.deepEqual(unpacking.left, []);
});

test(
  'a program that writes files of its own may write no more than was allowed',
  needs('qemu-img'),
  async (t) => {
    const file = join(testFolder(t), 'disk');
    const words = ['create', '-f', 'raw', '-o', 'preallocation=full', file, '10M'];
    const program = new Program('qemu-img', words, {
      maxMemoryBytes: 1 << 30,
      maxFileBytes: 1e6,
      stdin: 'ignore',
    });
    program.child.stdout?.resume();
    assert.notEqual(await program.ended(), undefined);
  },
);
