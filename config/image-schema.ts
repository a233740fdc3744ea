import { z } from 'zod';
import { ec2ImageSettings } from './ec2-image-schema.js';
import { gceImageSettings } from './gce-image-schema.js';
import { duration, size, span } from './units.js';
import { address, command, environment, flag, secret, text, whole } from './values.js';
import { wants } from './wording.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GB = 1e9;

export const IMAGE_TYPES = ['raw', 'qcow2', 'kernel', 'ramdisk', 'filesystem', 'oci', 'file'] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];
export const COMPRESSIONS = ['auto', 'none', 'gzip', 'bzip2', 'xz', 'zstd'] as const;

const URL_OF_IMAGE = wants(
  'the URL of an image',
  'an https://, http:// or file:// URL without user and password, or a magnet: link',
);
/** Where the bytes of an image are. */
export const imageUrl = z.string({ error: URL_OF_IMAGE }).refine(isImageUrl, URL_OF_IMAGE);

function isImageUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return ['https:', 'http:', 'file:', 'magnet:'].includes(protocol) && username === '' && password === '';
}

const hexadecimal = (digits: number, name: string) => {
  const error = wants(`a ${name}`, `${digits} hexadecimal digits`);
  return z
    .string({ error })
    .regex(new RegExp(`^[0-9a-fA-F]{${digits}}$`), { error })
    .toLowerCase();
};
const GUID = wants('a GUID', '1 to 200 of letters, digits and . _ : -');
export const imageGuid = z
  .string({ error: GUID })
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$/, { error: GUID });

/** What names the bytes of an image, wherever it is said. */
export const imageSourceShape = {
  /** Where its bytes are: https, http (off this machine with a digest alone), file, a .torrent or a magnet link. */
  url: imageUrl,
  /** Further URLs of the same bytes, tried in turn. */
  mirrors: z.array(imageUrl).max(20).default([]),
  /** Of the bytes at the URL, before anything is unpacked. */
  sha256: hexadecimal(64, 'SHA-256 digest').optional(),
  /** As well as, or instead of, sha256. */
  sha512: hexadecimal(128, 'SHA-512 digest').optional(),
  /** Only where nothing better is known: it is weak, and a warning says so. */
  sha1: hexadecimal(40, 'SHA-1 digest').optional(),
  /** What the bytes are, once unpacked. Default: what its place needs, such as `disk.format` or `kernel`. */
  type: z.enum(IMAGE_TYPES).optional(),
  /** What is around them. auto: seen from their first bytes; `file`s are kept as they are. */
  compression: z.enum(COMPRESSIONS).default('auto'),
  /** The URL is of a metadata file that names the image's parts, each with its own hash. */
  metadata: flag().default(false),
  /** A name of your site's for it. Default: none, its digest names it. */
  guid: imageGuid.optional(),
  /** A place of `images.register` that it is registered with as well. */
  register: text('the name of a place').optional(),
};

export const imageSource = z.strictObject({
  ...imageSourceShape,
  /** Sent to the URL's own server as Authorization, such as Bearer ${file:token}. Never elsewhere, and in no history. */
  credentials: secret.optional(),
  /** Of type filesystem: handed over as a folder with its files, rather than as a tar archive. */
  extract: flag().optional(),
});
export type ImageSetting = z.output<typeof imageSource>;

const FILE_OR_IMAGE = wants('a file or an image', 'a path, or { url: https://…, sha256: … }');
/** A file that is there, or an image that is fetched. */
export const fileOrImage = z.union([text('a file'), imageSource], { error: FILE_OR_IMAGE });

const CLOUD_IMAGE = wants(
  'an image',
  'its id at the cloud, or { url: https://…, sha256: …, register: PLACE }',
);
/** An image that a cloud has, or one that is fetched and registered there. */
export const cloudImage = z.union([text('an image'), imageSource], { error: CLOUD_IMAGE });

const NAME = wants('a name for an image', 'a letter, then letters, digits and _');
/** Images handed over as files. */
export const imagesByName = z
  .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, { error: NAME }), imageSource)
  .default({});

const RATIO = wants('a ratio', 'a number of at least 0, such as 2 or 0.5');

const commandPlace = z.strictObject({
  /** Prints the id that the place gives the image, as its first line. It finds the image in IMAGE_* variables. */
  register: command,
  /** Takes it away again: IMAGE_ID is what `register` printed. Default: nothing is to be done. */
  deregister: command.optional(),
  /** Exit code 0: IMAGE_ID is still there; 1: it is gone and is registered again. Default: it is not looked for. */
  exists: command.optional(),
  /** Bound of each of them. */
  timeout: span.default(30 * MINUTE),
  /** Added to their environment. */
  env: environment,
});

const PLACE = wants(
  'a place',
  '{ register: [...] } with a command, { ec2: { upload: [...] } } or { gce: { project, bucket } }',
);
const gcePlace = z.strictObject({
  /** A project of Compute Engine, where disks of the type `raw` become images of its own. */
  gce: gceImageSettings,
});
const ec2Place = z.strictObject({
  /** A region of EC2, or of a cloud with the same interface, where disks of the type `raw` become images of its own. */
  ec2: ec2ImageSettings,
});
const imagePlace = z.union([commandPlace, ec2Place, gcePlace], { error: PLACE });
export type Ec2Place = z.output<typeof ec2Place>;
export type CommandPlace = z.output<typeof commandPlace>;

/** The section `images`. */
export const imagesSchema = z.strictObject({
  /** Folder of what was fetched. Relative to the configuration file. Default: `images` in the folder of `state`. */
  directory: text('a folder').optional(),
  /** All that the folder may hold, what is being fetched included. Least recently used images go first. */
  budget: size.default(20 * GB),
  /** Images that nothing has used for so long are removed. 0: never. */
  maxAge: duration.default(30 * DAY),
  /** What was fetched in part, and nobody has gone on with for so long, is removed. */
  maxPartialAge: span.default(DAY),
  /** Least recently used images are removed as long as the file system has less free than this. */
  keepFree: size.default(5 * GB),
  /** An image is compared with its digests again after so long, when it is next used. */
  recheck: span.default(7 * DAY),
  /** How often the worker looks for what may be removed. */
  collect: span.default(10 * MINUTE),
  /** For one image, from the first who asks until it is usable; then it has failed for everybody. */
  timeout: span.default(HOUR),
  /** Images that are made usable at the same time, on each host. Read at the start. */
  parallel: whole(1).default(4),
  /** Also for URLs that somebody else than the operator named: loopback, private and link-local addresses. */
  allowPrivate: flag().default(false),
  /** Getting the bytes. */
  fetch: z
    .strictObject({
      /** For a connection. */
      connect: span.default(30 * SECOND),
      /** Without a byte for so long, the next try or mirror has its turn. */
      stall: span.default(60 * SECOND),
      /** For all bytes of an image, tries and mirrors together. */
      whole: span.default(HOUR),
      /** Bound of an image as it is fetched. */
      maxBytes: size.default(100 * GB),
      /** Parts that a metadata file names are fetched so many at a time. */
      parts: whole(1).default(4),
    })
    .prefault({}),
  /** Taking them out of what is around them. */
  unpack: z
    .strictObject({
      /** Bound of an image once unpacked. */
      maxBytes: size.default(200 * GB),
      /** How many times larger than what was fetched it may become: what goes beyond is a bomb. */
      maxRatio: whole(1).default(1000),
      /** Entries of an archive. */
      maxEntries: whole(1).default(1_000_000),
      /** Memory of a program that unpacks or converts. */
      maxMemory: size.default(GB),
    })
    .prefault({}),
  /** Getting them by BitTorrent, and giving to others what came that way and is kept as it came. */
  torrent: z
    .strictObject({
      /** Where peers connect to. Port 0: any free one. On loopback nobody does, and only peers that we find are spoken to. */
      listen: address.default('127.0.0.1:0'),
      /** Peers of one torrent at the same time. */
      peers: whole(1).default(40),
      /** Without a byte from any peer for so long, the next mirror has its turn. */
      stall: span.default(2 * MINUTE),
      /** Bound of a .torrent file. */
      maxTorrent: size.default(10_000_000),
      /** Bytes given in a second, all peers together. */
      upload: size.default(1024 * 1024),
      /** All that is held is given to others, not only what `reveille image seed` names. */
      seed: flag().default(false),
      /** No more is given of an image when so many times its size was, since the worker began. */
      ratio: z.number({ error: RATIO }).min(0, { error: RATIO }).default(2),
    })
    .prefault({}),
  /** Places beside this host that images are registered with, by name. */
  register: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), imagePlace).default({}),
  /** Nothing is fetched: after the sleep, each URL and GUID has an id that is always the same. For tests of a site. */
  test: z
    .strictObject({
      /** As if it were fetched meanwhile. */
      sleep: duration.default(30 * SECOND),
    })
    .optional(),
});
export type ImagesDefinition = z.output<typeof imagesSchema>;
