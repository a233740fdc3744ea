import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { HostServices } from '../../activities/host/services.js';
import { doChore } from '../../activities/images/chores.js';
import { HostImages, type ImageUser } from '../../activities/images/host-images.js';
import type { WorkContext } from '../../activities/images/stored.js';
import { type Config, configSchema, configuredImage, imageFolder, imagesOf } from '../../config/index.js';
import type { ChoreResult, ImageChore, ImageResult } from '../../workflows/messages.js';
import { quiet } from './stack.js';

/** A place that commands speak to: a folder with a file for each id, which tells the key. */
const SHELF = {
  register: ['sh', '-c', 'echo "$IMAGE_KEY" > "shelf/id-$IMAGE_KEY" && echo "id-$IMAGE_KEY"'],
  deregister: ['sh', '-c', 'rm -f "shelf/$IMAGE_ID"'],
  exists: ['sh', '-c', 'test -e "shelf/$IMAGE_ID"'],
};

interface Extras {
  /** More of each source. */
  source?: object;
  workers?: number;
  /** More resources, as in reveille.yaml. */
  resources?: Record<string, object>;
}

/** The images of a host as its workers have them, without Temporal; sources are files of the test's own. */
export class ImageHost {
  readonly folder: string;
  config: Config;
  /** Each as a worker of its own has it. */
  readonly workers: HostImages[];
  private readonly services: HostServices[] = [];

  /** @param data of each resource's one image. @param images more of the section `images`. */
  constructor(
    t: TestContext,
    readonly data: Readonly<Record<string, Buffer>>,
    images: object = {},
    { source = {}, workers = 1, resources: more = {} }: Extras = {},
  ) {
    this.folder = mkdtempSync(join(tmpdir(), 'reveille-images-'));
    for (const name of ['shelf', 'origin']) mkdirSync(join(this.folder, name));
    const own = Object.fromEntries(
      Object.entries(data).map(([name, bytes]) => {
        const file = join(this.folder, 'origin', name);
        writeFileSync(file, bytes);
        const image = { url: pathToFileURL(file).href, register: 'shelf', ...source };
        return [name, { provider: 'process', process: { command: ['unused'], images: { data: image } } }];
      }),
    );
    const section = { keepFree: '0B', register: { shelf: SHELF }, ...images };
    this.config = {
      ...configSchema.parse({ site: 'images', resources: { ...own, ...more }, images: section }),
      file: undefined,
      folder: this.folder,
    };
    this.workers = Array.from({ length: workers }, () => this.anotherWorker());
    t.after(async () => {
      await Promise.all(this.workers.map((one) => one.close()));
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  anotherWorker(): HostImages {
    const { config, folder } = this;
    const services = { config, stateDir: join(folder, '.reveille'), host: 'test-host', log: quiet };
    this.services.push(services);
    return new HostImages(services);
  }

  /** As after a reload of the configuration. */
  reload(change: Partial<Config>): void {
    this.config = { ...this.config, ...change };
    for (const one of this.services) one.config = this.config;
  }

  get images(): HostImages {
    const [first] = this.workers;
    if (first === undefined) throw new Error('no worker');
    return first;
  }

  user(name: string, generation: number): ImageUser {
    const definition = this.config.resources[name];
    if (definition === undefined) throw new Error(`no resource ${name}`);
    return { name, generation, definition };
  }

  keyOf(name: string): string {
    return imagesOf(this.user(name, 0).definition)[0]?.key ?? '';
  }

  /** What a wake does of images: looks, has made what is missing, looks again. @returns what was made, if anything. */
  async wake(name: string, generation: number, images = this.images): Promise<ImageResult | undefined> {
    let made: ImageResult | undefined;
    for (let round = 0; round < 20; round++) {
      const missing = await images.ensure(this.user(name, generation), CONTEXT);
      if (missing.length === 0) return made;
      for (const one of missing) made = await images.make(this.input(one.key, one.name), CONTEXT);
    }
    throw new Error(`the image of ${name} is gone whenever it is there`);
  }

  input(key: string, name = key) {
    const place = configuredImage(this.config, key)?.cloud ?? 'test-host';
    return { key, name, place, queue: 'unused', timeoutMs: 60_000 };
  }

  /** What a command asks of the host's images. */
  async chore(chore: ImageChore): Promise<ChoreResult> {
    const { config, images } = this;
    const about = { config, place: 'test-host', torrents: images.torrents };
    return await doChore(await images.store(), chore, about, CONTEXT.signal);
  }

  /** Ids that the place has. */
  shelf(): string[] {
    return readdirSync(join(this.folder, 'shelf')).sort();
  }

  get store(): string {
    return imageFolder(this.config);
  }

  /** Names of folders of images, complete or not, that are on the disk. */
  stored(): string[] {
    return ['images', 'drafts'].flatMap((part) => {
      const folder = join(this.store, part);
      return existsSync(folder) ? readdirSync(folder) : [];
    });
  }
}

export const CONTEXT: WorkContext = { signal: new AbortController().signal, progress: () => {} };
