import type { ImageType } from '../../../config/index.js';

/** A complete image of this host's cache, as places get it. */
export interface PlacedImage {
  readonly key: string;
  /** Absolute: its file, or the folder of its files where it has several. */
  readonly path: string;
  readonly type: ImageType;
  readonly sha256: string | undefined;
  readonly guid: string | undefined;
  /** Without user, password and query. */
  readonly url: string | undefined;
  /** Of all its files. */
  readonly bytes: number;
}

export interface RegistrarContext {
  readonly signal: AbortSignal;
  /** It is still alive. Cheap: may be called often. */
  progress(bytes: number): void;
}

/**
 * A place that gives images ids of its own: an engine, a cloud's region, whatever commands speak to. Each method may be
 * called again after it was cut off anywhere, by another process too; `register` should find what it made before (by
 * the key, which it can use as a name or a tag).
 */
export interface Registrar {
  /** As manifests have it: the same for as long as ids mean the same. */
  readonly place: string;
  /** @throws ReveilleError IMAGE_REGISTER_FAILED saying why, and nothing secret. */
  register(image: PlacedImage, context: RegistrarContext): Promise<string>;
  /**
   * Under which id the place has an image that can be used.
   * @param known under which it was registered, as far as this host knows. Clouds do without: its name has the key.
   * @returns undefined where it has none. @throws ReveilleError IMAGE_REGISTER_FAILED where nobody can say.
   */
  find(key: string, known: string | undefined, context: RegistrarContext): Promise<string | undefined>;
  /** Content where it is gone already. @throws ReveilleError IMAGE_REGISTER_FAILED, or IMAGE_IN_USE: the image stays. */
  deregister(id: string, context: RegistrarContext): Promise<void>;
}
