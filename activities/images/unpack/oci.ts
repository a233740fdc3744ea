import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { pack } from 'tar-stream';
import { z } from 'zod';
import { badArchive, wrongType } from './faults.js';
import type { Room } from './sparse-file.js';
import { shown, type TarEntry } from './tar.js';

/** Of what is read whole: lists and settings of an image. */
const MAX_JSON_BYTES = 4 << 20;
const BLOCK_BYTES = 512;

/** https://github.com/opencontainers/image-spec, descriptor.md, image-index.md and manifest.md. */
const descriptor = z.object({
  digest: z.string().regex(/^sha(256|512):[0-9a-f]{64,128}$/),
  size: z.number().int().nonnegative(),
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const index = z.object({ manifests: z.array(descriptor).min(1).max(1000) });
const imageManifest = z.object({ config: descriptor, layers: z.array(descriptor).max(1000) });
type Descriptor = z.infer<typeof descriptor>;

/** What `docker load` reads: https://github.com/moby/docker-image-spec, of which older engines know nothing else. */
const dockerManifest = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) })).min(1);

interface Place {
  readonly at: number;
  readonly bytes: number;
}

/** An archive of a container image, while it is written to a file: its blobs are checked, its tables noted. */
export class OciArchive {
  private readonly entries = new Map<string, Place>();
  private endsAt = 0;

  /** @throws ReveilleError IMAGE_ARCHIVE_INVALID for a blob that is not what its name says. */
  async note({ path, header, content }: TarEntry): Promise<void> {
    const bytes = header.size ?? 0;
    this.endsAt = header.byteOffset + Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
    if (header.type !== 'file') return;
    // Of two tables of one name, readers differ in which they take.
    if (this.entries.has(path)) throw badArchive(`the archive has ${shown(path)} twice`);
    this.entries.set(path, { at: header.byteOffset, bytes });
    const blob = /^blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(path);
    if (blob !== null) await checkBlob(path, blob[2] ?? '', createHash(blob[1] ?? ''), content);
  }

  /**
   * Makes the file what every engine loads: one that has the tables of OCI alone is given Docker's as well.
   * @returns whether the file was changed.
   * @throws ReveilleError IMAGE_TYPE_MISMATCH, IMAGE_ARCHIVE_INVALID.
   */
  async complete(file: string, room: Room): Promise<boolean> {
    const handle = await open(file, 'r+');
    try {
      if (this.entries.has('manifest.json')) {
        this.checkDocker(await this.json(handle, 'manifest.json', dockerManifest));
        return false;
      }
      if (!this.entries.has('oci-layout') || !this.entries.has('index.json')) {
        throw wrongType(
          'the archive is no container image: it has neither manifest.json nor oci-layout with index.json',
        );
      }
      const table = JSON.stringify([await this.dockerEntry(handle)]);
      await room.take(BLOCK_BYTES * 4 + table.length);
      await append(handle, this.endsAt, table);
      return true;
    } finally {
      await handle.close();
    }
  }

  private checkDocker(images: z.infer<typeof dockerManifest>): void {
    for (const path of images.flatMap(({ Config, Layers }) => [Config, ...Layers])) {
      // Layers that are the same may be links, in archives of older engines.
      if (path.startsWith('/') || path.split('/').includes('..'))
        throw badArchive(`${shown(path)} is no path`);
    }
    for (const { Config } of images) {
      if (!this.entries.has(Config)) throw badArchive(`the archive lacks ${shown(Config)}`);
    }
  }

  private async dockerEntry(
    handle: FileHandle,
  ): Promise<{ Config: string; RepoTags: string[]; Layers: string[] }> {
    let chosen = pick((await this.json(handle, 'index.json', index)).manifests);
    const name = chosen.annotations?.['io.containerd.image.name'];
    // An index may name further ones, for platforms.
    let text = await this.json(handle, this.blob(chosen), z.union([imageManifest, index]));
    if ('manifests' in text) {
      chosen = pick(text.manifests);
      text = await this.json(handle, this.blob(chosen), imageManifest);
    }
    if ('manifests' in text) throw badArchive('an index of images names another index');
    return {
      Config: this.blob(text.config),
      RepoTags: name === undefined ? [] : [name],
      Layers: text.layers.map((layer) => this.blob(layer)),
    };
  }

  private blob({ digest, size }: Descriptor): string {
    const [algorithm = '', hex = ''] = digest.split(':');
    const path = `blobs/${algorithm}/${hex}`;
    const place = this.entries.get(path);
    if (place === undefined) throw badArchive(`the archive lacks the blob ${digest}`);
    if (place.bytes !== size) throw badArchive(`the blob ${digest} has ${place.bytes} bytes, not ${size}`);
    return path;
  }

  private async json<T>(handle: FileHandle, path: string, schema: z.ZodType<T>): Promise<T> {
    const place = this.entries.get(path);
    if (place === undefined || place.bytes > MAX_JSON_BYTES)
      throw badArchive(`${shown(path)} is missing or too large`);
    const buffer = Buffer.alloc(place.bytes);
    await handle.read(buffer, 0, place.bytes, place.at);
    try {
      return schema.parse(JSON.parse(buffer.toString('utf8')));
    } catch (error) {
      throw badArchive(`${shown(path)} of the archive is not as it should be`, error);
    }
  }
}

async function checkBlob(
  path: string,
  hex: string,
  hash: Hash,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  for await (const chunk of content) hash.update(chunk);
  if (hash.digest('hex') !== hex) throw badArchive(`${shown(path)} is not what its name says`);
}

const ARCHITECTURES: Partial<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The one for this machine; the only one, whatever it is for. */
function pick(manifests: readonly Descriptor[]): Descriptor {
  const wanted = ARCHITECTURES[process.arch] ?? process.arch;
  const fitting = manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === wanted,
  );
  const chosen = fitting ?? (manifests.length === 1 ? manifests[0] : undefined);
  if (chosen === undefined) throw wrongType(`none of the images in the archive is for linux on ${wanted}`);
  return chosen;
}

/** Another entry, in place of the archive's end. */
async function append(handle: FileHandle, at: number, text: string): Promise<void> {
  const tail = pack();
  tail.entry({ name: 'manifest.json', mode: 0o644, mtime: new Date(0) }, text);
  tail.finalize();
  let position = at;
  await handle.truncate(at);
  for await (const chunk of tail as AsyncIterable<Buffer>) {
    await handle.write(chunk, 0, chunk.length, position);
    position += chunk.length;
  }
}
