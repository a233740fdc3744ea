import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageProgress, ImageType } from '../contract.js';
import type { Draft } from '../store/draft.js';
import type { Compression } from './compression.js';
import { convert } from './convert.js';
import { wrongType } from './faults.js';
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from './limits.js';
import { type Unpacked, unpack } from './unpack.js';

export interface UnpackImageOptions {
  /** The bytes as they were fetched: a file in the draft. */
  part: string;
  /** Of the part, where it is known. */
  sha256?: string;
  source: {
    /** What the bytes are. Default: what is wanted. */
    type?: ImageType | undefined;
    compression: Compression | 'auto';
    /** Makes a folder of a filesystem. */
    extract?: boolean | undefined;
  };
  /** What is wanted. */
  as: ImageType;
  /** Folder of the draft for results. */
  into: string;
  /** Of the result in there. Default: image. */
  name?: string;
  /** Default: DEFAULT_UNPACK_LIMITS. */
  limits?: Partial<UnpackLimits>;
}

/**
 * Makes the bytes that were fetched what is wanted of them: unpacked, and of another disk format where that is needed.
 * @returns what commit takes. @throws as `unpack` and `convert` do.
 */
export async function unpackImage(
  { part, sha256, source, as, into, name = 'image', limits: given }: UnpackImageOptions,
  draft: Pick<Draft, 'work' | 'context'>,
  { signal, progress }: { signal: AbortSignal; progress: (progress: ImageProgress) => void },
): Promise<Unpacked[]> {
  const limits = { ...DEFAULT_UNPACK_LIMITS, ...given };
  const type = source.type ?? as;
  const context = draft.context(signal, progress);
  const known = sha256 === undefined ? {} : { sha256 };
  const { compression, extract = false } = source;
  const common = { type, compression, extract, limits, context, ...known };
  if (type === as) return [await unpack(part, { ...common, into, name })];
  if (!isDisk(type) || !isDisk(as)) throw wrongType(`no ${as} can be made of a ${type}`);
  const before = `${name}.${type}`;
  const unconverted = join(draft.work, before);
  // Of an earlier try, which ended here.
  await rm(unconverted, { force: true });
  await unpack(part, { ...common, into: draft.work, name: before });
  await convert(
    { file: unconverted, from: type },
    { file: join(into, name), format: as },
    limits,
    draft.context(signal, progress),
  );
  await rm(unconverted);
  context.done();
  return [{ path: name, type: as }];
}

const isDisk = (type: ImageType): type is 'raw' | 'qcow2' => type === 'raw' || type === 'qcow2';
