import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { needs } from './engines.js';

/** Mounting wants root. */
export const needsMount = (): { skip: string | false } =>
  process.getuid?.() === 0 ? needs('mount') : { skip: 'engine absent: mount needs root' };

/** A disk of the test's own. @param size in bytes, or as mount(8) takes it, such as 64M */
export function smallDisk(t: TestContext, size: number | string): string {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'reveille-test', folder]);
  t.after(() => {
    execFileSync('umount', ['-l', folder]);
    rmdirSync(folder);
  });
  return folder;
}
