import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/index.js';
import { createOnce, readIfThere } from './atomic.js';

/**
 * Names what is created on behalf of a folder of state: other Reveilles may use the same engine.
 * @param folder made where it is missing.
 */
export function ownerOf(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, '.owner');
  createOnce(file, randomUUID().slice(0, 8), folder);
  return readIfThere(file) ?? '';
}

/**
 * Names what is created in a cloud's account: `site` where the configuration has it, so that workers of several hosts
 * have one name; else that of the provider's folder of state.
 */
export const siteOf = ({ site }: Config, folder: string): string => site ?? ownerOf(folder);
