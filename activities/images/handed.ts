import { resolve } from 'node:path';
import type { ImageSetting } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';

/** An image that is usable on this host or at a cloud, as a provider gets it. */
export interface HandedImage {
  readonly key: string;
  /** Absolute: its file, or the folder of its files where it has several. Undefined where it is used at a cloud. */
  readonly path: string | undefined;
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
  const path = images?.get(slot)?.path;
  if (path === undefined) throw new ReveilleError('INTERNAL', `the image for ${slot} was not handed over`);
  return path;
}

/**
 * The id of the setting `image` at a cloud: as it stands there, or of an image that was registered.
 * @throws ReveilleError INTERNAL where nobody has handed it over.
 */
export function cloudIdOf(setting: string | ImageSetting, images: HandedImages | undefined): string {
  if (typeof setting === 'string') return setting;
  const id = images?.get('image')?.id;
  if (id === undefined) throw new ReveilleError('INTERNAL', 'the image was not handed over');
  return id;
}

/** What commands are told of images. */
export function imagesEnvironment(images: HandedImages = new Map()): Record<string, string> {
  return Object.fromEntries(
    [...images].flatMap(([slot, { path, id }]) => {
      const name = `REVEILLE_IMAGE_${slot.toUpperCase()}`;
      if (path === undefined) return [];
      return [[name, path], ...(id === undefined ? [] : [[`${name}_ID`, id]])];
    }),
  );
}
