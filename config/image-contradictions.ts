/** What is wrong with images although each of their settings is right. */
import type { Contradiction } from './contradictions.js';
import type { ImageSetting } from './image-schema.js';
import type { LooseConfigFile } from './schema.js';
import type { Path } from './yaml-source.js';

export function imageContradictions({ images, resources }: LooseConfigFile): Contradiction[] {
  const all = Object.entries(resources).flatMap(([name, { qemu, docker, process, command }]) => {
    const at = (...keys: string[]): Path => ['resources', name, ...keys];
    const slots: [Path, string | ImageSetting | undefined][] = [
      [at('qemu', 'disk', 'image'), qemu?.disk?.image],
      [at('qemu', 'kernel', 'image'), qemu?.kernel?.image],
      [at('qemu', 'kernel', 'ramdisk'), qemu?.kernel?.ramdisk],
      [at('docker', 'load'), docker?.load],
      ...named(at('process', 'images'), process?.images),
      ...named(at('command', 'images'), command?.images),
    ];
    const written = qemu?.disk?.overlay === false ? at('qemu', 'disk', 'overlay') : undefined;
    return slots.flatMap(([path, source]) =>
      source === undefined || typeof source === 'string' ? [] : [{ path, source, written }],
    );
  });
  return all.flatMap(({ path, source, written }) => [
    ...unsafe(path, source),
    ...unknownPlace(path, source, images.register),
    ...shared(path, written),
    ...notExtracted(path, source),
    ...notInParts(path, source),
  ]);
}

const named = (path: Path, images: Record<string, ImageSetting> = {}): [Path, ImageSetting][] =>
  Object.entries(images).map(([name, source]) => [[...path, name], source]);

/** Whoever sits between could send anything. */
function unsafe(path: Path, { url, mirrors, sha256, sha512, sha1 }: ImageSetting): Contradiction[] {
  if (sha256 !== undefined || sha512 !== undefined || sha1 !== undefined) return [];
  const open = [url, ...mirrors].find((one) => /^http:/i.test(one) && !isHere(new URL(one).hostname));
  if (open === undefined) return [];
  const message = `${open} can be changed on its way, and no digest says what it should be`;
  return [{ paths: [path], message, expected: 'a sha256 beside it, or https' }];
}

const isHere = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);

function unknownPlace(path: Path, { register }: ImageSetting, places: object): Contradiction[] {
  if (register === undefined || Object.hasOwn(places, register)) return [];
  const names = Object.keys(places);
  const expected = names.length === 0 ? 'a place that images.register has' : names.join(' or ');
  const message = `there is no place ${register} in images.register`;
  return [
    {
      paths: [
        [...path, 'register'],
        ['images', 'register'],
      ],
      message,
      expected,
    },
  ];
}

/** It is everybody's, and is compared with its digests. */
function shared(path: Path, written: Path | undefined): Contradiction[] {
  if (written === undefined || path.at(-2) !== 'disk') return [];
  const message = 'a machine cannot write into an image that is fetched by URL';
  return [{ paths: [written, path], message, expected: 'true' }];
}

/** Engines and machines take a file. */
function notExtracted(path: Path, { extract, type }: ImageSetting): Contradiction[] {
  const isHandedOver = path.at(-2) === 'images';
  if (extract !== true || (isHandedOver && type === 'filesystem')) return [];
  const message = isHandedOver
    ? `a ${type ?? 'file'} is no archive to extract`
    : 'what this takes is one file';
  return [
    {
      paths: [[...path, 'extract']],
      message,
      expected: isHandedOver ? 'type: filesystem' : 'extract left out',
    },
  ];
}

/** What a metadata file names is several files. */
function notInParts(path: Path, { metadata }: ImageSetting): Contradiction[] {
  if (!metadata || path.at(-2) === 'images') return [];
  const message = 'what this takes is one file, and a metadata file names several';
  return [{ paths: [[...path, 'metadata']], message, expected: 'the URL of the part itself' }];
}
