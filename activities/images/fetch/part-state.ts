import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readIfThere, replaceFile } from '../../host/atomic.js';
import { bootId } from '../../host/boot-id.js';

const schema = z.object({
  /** Digest of the URL: it may hold a signature that is nobody's to read. */
  url: z.string(),
  /** Strong, or undefined. */
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** Bytes of the whole, where a server said. */
  total: z.number().int().nonnegative().optional(),
  /** The run of the kernel in which the bytes came: a later one may find holes where the power went. */
  boot: z.string(),
});

/** What is known of the bytes in a part: whose beginning they are. */
export type PartState = z.infer<typeof schema>;

export const stateFile = (part: string): string => `${part}.state`;

/** What an earlier attempt left, or undefined where it left nothing of use. */
export function readState(part: string): PartState | undefined {
  const text = readIfThere(stateFile(part));
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export function writeState(part: string, state: Omit<PartState, 'boot'>): void {
  replaceFile(stateFile(part), JSON.stringify({ ...state, boot: bootId() }), dirname(part));
}

export function removeState(part: string): void {
  rmSync(stateFile(part), { force: true });
}

/** Removes what stands beside a part, but for what is kept. */
export function removeBeside(part: string, kept: readonly string[]): void {
  const folder = dirname(part);
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    if (file.startsWith(`${part}.`) && !kept.includes(file)) rmSync(file, { force: true });
  }
}

export const urlKey = (url: string): string => createHash('sha256').update(url).digest('hex');

/** Whether the bytes came before this machine's last start. */
export const isOfEarlierBoot = ({ boot }: PartState): boolean => boot !== bootId();
