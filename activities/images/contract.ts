/**
 * Words that the parts of images share: fetching (bytes from a URL), unpacking, the cache of a host, and registering
 * at a place. None of them knows Temporal; the activities put them together.
 */

/** What the bytes are for, once unpacked. `filesystem` is a tar archive of a root file system. */
export const IMAGE_TYPES = ['raw', 'qcow2', 'kernel', 'ramdisk', 'filesystem', 'oci', 'file'] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];

/** In lower-case hexadecimal, of the bytes at the URL, before unpacking. */
export interface Digests {
  sha256?: string;
  sha512?: string;
  /** Only for what demands it: said to be weak in a warning. */
  sha1?: string;
}

/** Where an image comes from. */
export interface ImageSource {
  /** The same bytes, tried in turn: https, http, file, a .torrent or a magnet link. Without user or password. */
  urls: readonly [string, ...string[]];
  digests: Digests;
  type: ImageType;
  /** The URL is of a metadata file that names parts (IP3); its GUID is the digest of that file. */
  metadata?: boolean;
  /** Site-unique name (IP1); default: the digest. */
  guid?: string;
  /** Whether the operator of this host named it: others may not lead to private addresses. */
  trusted: boolean;
}

/** How far something is. Total is unknown where no server said. */
export interface ImageProgress {
  step: 'waiting' | 'fetching' | 'checking' | 'unpacking' | 'converting' | 'registering';
  bytes: number;
  total?: number;
}

/** What long work on images is given. */
export interface ImageContext {
  signal: AbortSignal;
  /** Cheap: may be called often. */
  progress(progress: ImageProgress): void;
  /**
   * Makes sure that so many bytes in all are set aside for this work; asks for more as it learns more.
   * @throws ReveilleError IMAGE_NO_SPACE, which tells who holds what.
   */
  reserve(bytes: number): Promise<void>;
}
