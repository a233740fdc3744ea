import { resolve } from 'node:path';
import type { ImageSetting } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';

/** An image that is usable on this host, as a provider gets it. */
export interface HandedImage {
  readonly key: string;
  /** Absolute: its file, or the folder of its files where it has several. */
  readonly path: string;
  /** What the place of images.register calls it. */
  readonly id?: string;
}
/** By the slot that it fills: `disk`, `kernel`, `ramdisk`, `load`, or a name of the user's. */
export type HandedImages = ReadonlyMap<string, HandedImage>;

/**
 * The absolute path of a setting that is a file, or an image that was fetched.
 * @throws ReveilleError INTERNAL where nobody has handed it over.
 */
export function fileOf(
  setting: string | ImageSetting,
  slot: string,
  { folder, images }: { folder: string; images: HandedImages | undefined },
): string {
  if (typeof setting === 'string') return resolve(folder, setting);
  const image = images?.get(slot);
  if (image === undefined) throw new ReveilleError('INTERNAL', `the image for ${slot} was not handed over`);
  return image.path;
}

/** What commands are told of images. */
export function imagesEnvironment(images: HandedImages = new Map()): Record<string, string> {
  return Object.fromEntries(
    [...images].flatMap(([slot, { path, id }]) => {
      const name = `REVEILLE_IMAGE_${slot.toUpperCase()}`;
      return [[name, path], ...(id === undefined ? [] : [[`${name}_ID`, id]])];
    }),
  );
}
