import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { imageKey, type WantedImage } from '../../config/index.js';
import type { AddedImage } from '../../workflows/messages.js';
import { readIfThere, replaceFile } from '../host/atomic.js';

/** What an image is made from, as the host remembers it: references of the configuration stay references. */
export interface KnownSource extends Omit<WantedImage, 'slot' | 'cloud'> {
  /** Whether the operator of this host named it. */
  trusted: boolean;
}

/** Sources that no generation asked for in so long are forgotten. */
const KEPT_MS = 30 * 24 * 3_600_000;

/**
 * The sources of images by their keys, in a folder of the host: histories hold keys alone, and awake resources keep
 * theirs beyond reloads.
 */
export class ImageSources {
  private readonly told = new Set<string>();

  constructor(private readonly folder: string) {}

  remember({ slot: _slot, cloud: _cloud, ...image }: WantedImage): void {
    if (this.told.has(image.key)) return;
    const known: KnownSource = { ...image, trusted: true };
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    replaceFile(this.file(image.key), JSON.stringify(known), this.folder);
    this.told.add(image.key);
  }

  /** @returns undefined where no generation of this host has asked for it. */
  known(key: string): KnownSource | undefined {
    const text = /^[0-9a-f]{64}$/.test(key) ? readIfThere(this.file(key)) : undefined;
    return text === undefined ? undefined : (JSON.parse(text) as KnownSource);
  }

  /** Forgets what nobody has asked for since long: whoever asks again brings it along. */
  prune(now = Date.now()): void {
    for (const entry of this.entries()) {
      const file = join(this.folder, entry);
      const { mtimeMs = now } = statSync(file, { throwIfNoEntry: false }) ?? {};
      if (now - mtimeMs > KEPT_MS) rmSync(file, { force: true });
    }
    this.told.clear();
  }

  private entries(): string[] {
    try {
      return readdirSync(this.folder);
    } catch {
      return [];
    }
  }

  private file(key: string): string {
    return join(this.folder, `${key}.json`);
  }
}

/** What the command line or the API has brought along. @param trusted the operator of this host did. */
export function addedSource(added: AddedImage, trusted = false): KnownSource {
  const { urls, type, compression, metadata = false, proof: _, ...rest } = added;
  const [url, ...mirrors] = urls;
  const source = {
    ...rest,
    url,
    mirrors,
    metadata,
    type: type as KnownSource['source']['type'],
    compression: compression as KnownSource['source']['compression'],
  };
  return { key: imageKey(source), source, as: source.type, trusted };
}
