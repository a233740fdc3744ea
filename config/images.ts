/** The images that a definition names, whatever its provider. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { stateDir } from './host.js';
import type { ImageSetting, ImageType } from './image-schema.js';
import type { ResourceDefinition } from './resource-schema.js';
import { canonical } from './revision.js';
import type { Config } from './schema.js';

/** One image of a resource, with all that was left to defaults. */
export interface WantedImage {
  /** Names it among all images: 64 hexadecimal digits. */
  key: string;
  /** As its provider has it: `disk`, `kernel`, `ramdisk`, `load`, or the name under `images`. */
  slot: string;
  source: ImageSetting & { type: ImageType };
  /** What its provider takes: disks of another format are converted. */
  as: ImageType;
  /** Where beside this host it is registered by the provider itself. */
  docker?: { image: string; engine: string | undefined };
  /** The place of a cloud, such as `ec2:frankfurt`, whose machine is made from it: no host has to keep it for that. */
  cloud?: string;
}

/**
 * Names an image: by its digest where a strong one is known, else by where it comes from; and by what becomes of the
 * bytes. No credentials are in it: the key stands in histories.
 */
export function imageKey(source: Omit<ImageSetting, 'credentials'>, as?: ImageType): string {
  const { url, mirrors, sha256, sha512, sha1, type, compression, metadata, guid, register, extract } = source;
  const bytes = sha256 ?? sha512 ?? { url, mirrors, sha1 };
  const made = { type, compression, metadata, as: as ?? type, ...(extract === true ? { extract } : {}) };
  const text = canonical({ bytes, guid, register, ...made });
  return createHash('sha256').update(text).digest('hex');
}

/** All images of a definition; files that are there already are none. */
export function imagesOf(definition: ResourceDefinition): WantedImage[] {
  const { provider } = definition;
  if (provider === 'qemu') return ofQemu(definition.qemu);
  if (provider === 'docker') return ofDocker(definition.docker);
  if (provider === 'ec2' || provider === 'gce') return ofCloud(provider, definition[provider]?.image);
  if (provider !== 'process' && provider !== 'command') return [];
  const named = definition[provider]?.images ?? {};
  return Object.entries(named).map(([slot, source]) => wanted(slot, source, source.type ?? 'file'));
}

function ofQemu(qemu: ResourceDefinition['qemu']): WantedImage[] {
  const { disk, kernel } = qemu ?? {};
  const slots = [
    ['disk', disk?.image, disk?.format ?? 'qcow2'],
    ['kernel', kernel?.image, 'kernel'],
    ['ramdisk', kernel?.ramdisk, 'ramdisk'],
  ] as const;
  return slots.flatMap(([slot, value, as]) =>
    value === undefined || typeof value === 'string' ? [] : [wanted(slot, value, as)],
  );
}

function ofDocker(docker: ResourceDefinition['docker']): WantedImage[] {
  const { load, image = '', engine } = docker ?? {};
  if (load === undefined || typeof load === 'string') return [];
  const type = load.type ?? 'oci';
  return [{ ...wanted('load', load, type), docker: { image, engine } }];
}

/** Clouds import raw disks. */
function ofCloud(provider: 'ec2' | 'gce', image: string | ImageSetting | undefined): WantedImage[] {
  if (image === undefined || typeof image === 'string') return [];
  return [{ ...wanted('image', image, 'raw'), cloud: `${provider}:${image.register}` }];
}

/** Whether a place is one of a cloud, rather than a host. */
export const isCloudPlace = (place: string): boolean => /^(?:ec2|gce):/.test(place);

/** An image that a resource of the configuration names, by its key. */
export function configuredImage(
  { resources }: Pick<Config, 'resources'>,
  key: string,
): WantedImage | undefined {
  for (const definition of Object.values(resources)) {
    const found = imagesOf(definition).find((one) => one.key === key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whose machines are made from which key, of each configuration: asked for each image that is listed. */
const made = new WeakMap<Config['resources'], ReadonlyMap<string, readonly string[]>>();

/** Names of the resources whose machines at a cloud are made from an image, asleep or awake. */
export function madeAtClouds({ resources }: Pick<Config, 'resources'>, key: string): readonly string[] {
  const known = made.get(resources) ?? allMadeAtClouds(resources);
  made.set(resources, known);
  return known.get(key) ?? [];
}

function allMadeAtClouds(resources: Config['resources']): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>();
  for (const [name, definition] of Object.entries(resources)) {
    for (const { key, cloud } of imagesOf(definition)) {
      if (cloud !== undefined) all.set(key, [...(all.get(key) ?? []), name]);
    }
  }
  return all;
}

function wanted(slot: string, setting: ImageSetting, as: ImageType): WantedImage {
  const source = { ...setting, type: setting.type ?? as };
  return { key: imageKey(source, as), slot, source, as };
}

/** Absolute folder of the images of this host. */
export const imageFolder = (config: Pick<Config, 'folder' | 'state' | 'images'>): string =>
  config.images.directory === undefined
    ? resolve(stateDir(config), 'images')
    : resolve(config.folder, config.images.directory);

/** For people: the GUID, or the last part of the URL. Never its query, which may hold a signature. */
export function imageName({ url, guid }: Pick<ImageSetting, 'url' | 'guid'>): string {
  if (guid !== undefined) return guid;
  const { protocol, pathname, searchParams } = new URL(url);
  const last = protocol === 'magnet:' ? searchParams.get('dn') : pathname.split('/').filter(Boolean).at(-1);
  return (last ?? 'an image').slice(0, 80);
}
