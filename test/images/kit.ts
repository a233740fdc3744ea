import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { hostName } from '../../config/index.js';
import { ImageClient } from '../../temporal/index.js';
import { activityQueue, type ImageListing } from '../../workflows/messages.js';
import type { HouseBase } from '../kit/house-base.js';

const APP = fileURLToPath(new URL('../kit/image-app.js', import.meta.url));

/** A resource that answers with the digest of its image. */
export const user = (data: object, rest: object = {}) => ({
  provider: 'process',
  process: { command: [process.execPath, APP], images: { data } },
  idle: { after: '2m' },
  ...rest,
});

export const MEGABYTE = 1024 * 1024;
export const bytes = (megabytes: number): Buffer => randomBytes(megabytes * MEGABYTE);

export interface Told {
  file: string;
  sha256: string;
  id?: string;
}

/** What a resource of `user` answers. */
export async function told(house: { url(path: string): string }, path: string): Promise<Told> {
  const response = await fetch(house.url(path));
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text) as Told;
}

/** What the host of a house keeps. */
export async function list(house: HouseBase): Promise<ImageListing> {
  const place = hostName(house.config);
  const queue = activityQueue('boot', place);
  return await new ImageClient(house.connection).chore<ImageListing>({ chore: { do: 'list' }, place, queue });
}
