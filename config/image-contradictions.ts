/** What is wrong with images although each of their settings is right. */
import type { Contradiction } from './contradictions.js';
import type { Ec2Place, ImageSetting, ImagesDefinition } from './image-schema.js';
import type { LooseConfigFile } from './schema.js';
import { either } from './wording.js';
import type { Path } from './yaml-source.js';

export function imageContradictions({ images, resources }: LooseConfigFile): Contradiction[] {
  const all = Object.entries(resources).flatMap(([name, { qemu, docker, process, command, ec2, gce }]) => {
    const at = (...keys: string[]): Path => ['resources', name, ...keys];
    const slots: [Path, string | ImageSetting | undefined][] = [
      [at('qemu', 'disk', 'image'), qemu?.disk?.image],
      [at('qemu', 'kernel', 'image'), qemu?.kernel?.image],
      [at('qemu', 'kernel', 'ramdisk'), qemu?.kernel?.ramdisk],
      [at('docker', 'load'), docker?.load],
      ...named(at('process', 'images'), process?.images),
      ...named(at('command', 'images'), command?.images),
      [at('ec2', 'image'), ec2?.image],
      [at('gce', 'image'), gce?.image],
    ];
    const cloud = ec2 === undefined ? gce && { gce } : { ec2 };
    const written = qemu?.disk?.overlay === false ? at('qemu', 'disk', 'overlay') : undefined;
    return slots.flatMap(([path, source]) =>
      source === undefined || typeof source === 'string' ? [] : [{ path, source, written, cloud }],
    );
  });
  return all.flatMap(({ path, source, written, cloud }) => [
    ...unsafe(path, source),
    ...unknownPlace(path, source, images.register),
    ...shared(path, written),
    ...notExtracted(path, source),
    ...notInParts(path, source),
    ...(cloud === undefined ? [] : notAtCloud(path, source, cloud, images.register)),
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

/** Where a machine of a cloud is, as far as its images have to be there too. */
type CloudOf = { ec2: Pick<Ec2Place['ec2'], 'region' | 'endpoint'> } | { gce: { api: string } };

/** A machine is made from an image of its own cloud and region, and clouds import disks. */
function notAtCloud(
  path: Path,
  { register, type = 'raw' }: ImageSetting,
  cloud: CloudOf,
  places: ImagesDefinition['register'],
): Contradiction[] {
  const fitting = Object.keys(places).filter((name) => isPlaceOf(cloud, places[name]));
  const kind = 'ec2' in cloud ? 'ec2, of the same endpoint and region' : 'gce, of the same api';
  const expected = fitting.length === 0 ? `a place of images.register with ${kind}` : either(fitting);
  const found: Contradiction[] = [];
  if (register === undefined) {
    const message = 'a machine of a cloud is made from an image there, and this one is registered nowhere';
    found.push({ paths: [path], message, expected: `register: ${expected}` });
  } else if (Object.hasOwn(places, register) && !fitting.includes(register)) {
    const message = `what is registered with ${register} is not where the machine is made`;
    found.push({
      paths: [
        [...path, 'register'],
        ['images', 'register', register],
      ],
      message,
      expected,
    });
  }
  if (type !== 'raw' && type !== 'qcow2') {
    const message = `clouds import disks, and a ${type} is none`;
    found.push({ paths: [[...path, 'type']], message, expected: 'raw or qcow2' });
  }
  return found;
}

/** A region that is not said here is the environment's. */
function isPlaceOf(cloud: CloudOf, place: ImagesDefinition['register'][string] | undefined): boolean {
  if (place === undefined) return false;
  if ('gce' in cloud) return 'gce' in place && place.gce.api === cloud.gce.api;
  if (!('ec2' in place)) return false;
  const [one, other] = [place.ec2, cloud.ec2];
  const isRegion = one.region === undefined || other.region === undefined || one.region === other.region;
  return isRegion && one.endpoint === other.endpoint;
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
