import { z } from 'zod';
import { IMAGE_TYPES } from '../contract.js';

const hexadecimal = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`));
const bytes = z.number().int().nonnegative();
const clockMs = z.number().int().nonnegative();
/** Within the folder of files: no absolute path, none that climbs. */
const insidePath = z
  .string()
  .min(1)
  .max(1024)
  .refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..'));

const digests = z.object({
  sha256: hexadecimal(64).exactOptional(),
  sha512: hexadecimal(128).exactOptional(),
  sha1: hexadecimal(40).exactOptional(),
});

/** A file of an image, or a folder that was extracted from an archive. */
const storedFile = z.object({
  path: insidePath,
  type: z.enum(IMAGE_TYPES),
  /** What a metadata file calls this part. */
  name: z.string().max(256).exactOptional(),
  /** Its length; of a folder, of all files in it. */
  bytes,
  /** Of its content as it is stored; of a folder, see digestTree. */
  sha256: hexadecimal(64),
});

const manifest = z.object({
  version: z.literal(1),
  key: z.string(),
  type: z.enum(IMAGE_TYPES),
  /** Of the bytes at the URL. */
  digests,
  guid: z.string().max(1024).exactOptional(),
  /** Where it came from, without user, password and query. */
  url: z.string().max(4096).exactOptional(),
  createdMs: clockMs,
  /** What its files take up on the disk. */
  allocatedBytes: bytes,
  files: z.array(storedFile).min(1),
});

/** manifest.json: what an image is. Never changes. */
export type Manifest = z.infer<typeof manifest>;
export type StoredFile = z.infer<typeof storedFile>;

const use = z.object({ user: z.string().min(1).max(512), sinceMs: clockMs });
const registration = z.object({
  /** Engines are places by their socket and the name of the image there: both may be long. */
  place: z.string().min(1).max(4096),
  id: z.string().min(1).max(1024),
  atMs: clockMs,
});

const state = z.object({
  version: z.literal(1),
  uses: z.array(use),
  lastUseMs: clockMs,
  /** When its files were last seen to be what the manifest says. */
  checkedMs: clockMs,
  registrations: z.array(registration),
});

/** state/KEY.json: what changes about an image. */
export type State = z.infer<typeof state>;
/** An image known at a place under an id of that place. */
export type Registration = z.infer<typeof registration>;

/** @returns undefined for what is no manifest of ours. */
export const parseManifest = (text: string): Manifest | undefined => parse(manifest, text);
/** @returns undefined for what is no state of ours. */
export const parseState = (text: string): State | undefined => parse(state, text);

function parse<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A URL as it may be shown and kept: no user, password, query or fragment. A magnet link keeps its topic. */
export function publicUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  parsed.hash = '';
  const topic = parsed.protocol === 'magnet:' ? parsed.searchParams.get('xt') : null;
  parsed.search = topic === null ? '' : `?xt=${topic}`;
  return parsed.href.slice(0, 4096);
}
