import { z } from 'zod';
import { ReveilleError } from '../../../../errors/index.js';
import { type Digests, IMAGE_TYPES, type ImageType } from '../../contract.js';
import { digestFrom } from '../source.js';
import { readXml } from './xml.js';

/** One of the files that make up an image. */
export interface Part {
  /** Unique among the parts: its type, and its place among those of its type from the second on. */
  name: string;
  type: ImageType;
  url: string;
  /** At least one of them. */
  digests: Digests;
}

/** As it is written: `signature` is ImageProxy's word for a digest, told apart by its length. */
const entry = z.strictObject({
  type: z.string(),
  url: z.string().min(1).max(4096),
  signature: z.string(),
});
const document = z.strictObject({ images: z.array(entry).min(1).max(100) });
type Entry = z.infer<typeof entry>;

/**
 * The parts that a metadata file names (IP3): `<images><image><type>KERNEL</type><signature>…</signature><url>…</url>`
 * `</image>…</images>` as ImageProxy has it, or the same as JSON: `{"images": [{"type", "signature", "url"}]}`.
 * @throws ReveilleError IMAGE_METADATA_INVALID
 */
export function partsOf(text: string): Part[] {
  const read = document.safeParse(/^\s*\{/.test(text) ? fromJson(text) : fromXml(text));
  if (!read.success) {
    const [issue] = read.error.issues;
    throw invalid(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
  }
  const seen = new Map<ImageType, number>();
  return read.data.images.map((image, index) => {
    const type = typeOf(image, index);
    const count = (seen.get(type) ?? 0) + 1;
    seen.set(type, count);
    const name = count === 1 ? type : `${type}-${count}`;
    return { name, type, url: image.url, digests: digestsOf(image.signature, index) };
  });
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it begins as JSON and is none');
  }
}

function fromXml(text: string): unknown {
  try {
    const { name, children } = readXml(text);
    if (name !== 'images') throw new SyntaxError(`<images> is expected, and there is <${name}>`);
    return {
      images: children.map((image) => Object.fromEntries(image.children.map((of) => [of.name, of.text]))),
    };
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

/** ImageProxy's types in capitals, or those of reveille.yaml. */
function typeOf({ type, url }: Entry, index: number): ImageType {
  if (type === 'FILESYSTEM' || type === 'ZFILESYSTEM') return isTar(url) ? 'filesystem' : 'raw';
  const own = IMAGE_TYPES.find((known) => known === type);
  const theirs = { QCOW2: 'qcow2', KERNEL: 'kernel', RAMDISK: 'ramdisk' } as const;
  const found = own ?? (Object.hasOwn(theirs, type) ? theirs[type as keyof typeof theirs] : undefined);
  if (found === undefined)
    throw invalid(`images.${index}.type: FILESYSTEM, ZFILESYSTEM, QCOW2, KERNEL or RAMDISK`);
  return found;
}

const isTar = (url: string): boolean => /\.(tar(\.\w+)?|t[gbx]z2?)([?#]|$)/.test(url);

function digestsOf(signature: string, index: number): Digests {
  const digests = digestFrom(signature);
  if (digests !== undefined) return digests;
  throw invalid(`images.${index}.signature: a SHA-256, SHA-512 or SHA-1 in hexadecimal digits`);
}

const invalid = (what: string): ReveilleError => new ReveilleError('IMAGE_METADATA_INVALID', what);
