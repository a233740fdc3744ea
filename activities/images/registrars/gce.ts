import { randomUUID } from 'node:crypto';
import type { Config, GceImageSettings } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import { pause } from '../../pause.js';
import { Api } from '../../providers/gce/api.js';
import { COMPUTE, STORAGE, tokensFor } from '../../providers/gce/credentials.js';
import { isBusy, isMissing, Refusal, Unanswered } from '../../providers/gce/failures.js';
import { askFor } from '../../providers/gce/operations.js';
import type { PlacedImage, Registrar, RegistrarContext } from './contract.js';
import { diskArchive } from './gce-archive.js';
import { Bucket } from './gce-bucket.js';
import { wouldWant } from './users.js';

const LOOK_MS = 2000;
const BEAT_MS = 1000;
/** Of an image's name at the place, in hexadecimal digits of the key: 160 bits. */
const KEY_DIGITS = 40;

/** https://cloud.google.com/compute/docs/reference/rest/v1/images */
interface CloudImage {
  name: string;
  status: 'PENDING' | 'READY' | 'FAILED' | 'DELETING';
}

/**
 * Images of Compute Engine: the disk goes to a bucket, is imported from there under a name made of its key, and leaves
 * the bucket. Its id is what `gce.image` takes.
 */
export class GceRegistrar implements Registrar {
  readonly place: string;
  private readonly api: Api;
  private readonly bucket: Bucket;

  constructor(
    name: string,
    private readonly settings: GceImageSettings,
    private readonly config: Config,
  ) {
    this.place = `gce:${name}`;
    const { api: url, storage, project, bucket, credentials, patience: patienceMs } = settings;
    const tokens = (scope: string, to: string) => tokensFor(scope, to, credentials, config.folder);
    this.api = new Api({ url, project, patienceMs, authorization: tokens(COMPUTE, url) });
    this.bucket = new Bucket({
      url: storage.replace(/\/+$/, ''),
      bucket,
      patienceMs,
      authorization: tokens(STORAGE, storage),
    });
  }

  async register(image: PlacedImage, context: RegistrarContext): Promise<string> {
    if (image.type !== 'raw') {
      const message = `Compute Engine imports disks of the type raw, not ${image.type}`;
      throw new ReveilleError('IMAGE_REGISTER_FAILED', message);
    }
    const late = AbortSignal.timeout(this.settings.timeout);
    const signal = AbortSignal.any([context.signal, late]);
    const beat = setInterval(() => context.progress(0), BEAT_MS);
    const name = nameOf(image.key);
    try {
      await this.told(this.untilReady(name, image.path, { ...context, signal }));
    } catch (error) {
      if (!late.aborted || context.signal.aborted) throw error;
      const message = `the import took longer than ${this.settings.timeout / 1000} s`;
      throw new ReveilleError('IMAGE_REGISTER_FAILED', message);
    } finally {
      clearInterval(beat);
    }
    return this.idOf(name);
  }

  async find(
    key: string,
    _known: string | undefined,
    { signal }: RegistrarContext,
  ): Promise<string | undefined> {
    const name = nameOf(key);
    const found = await this.told(this.look(name, signal));
    return found?.status === 'READY' ? this.idOf(name) : undefined;
  }

  /** Machines that run have disks of their own; one that is created later would want it still. */
  async deregister(id: string, { signal }: RegistrarContext): Promise<void> {
    const { project } = this.settings;
    const user = wouldWant(
      this.config,
      ({ gce }) => gce?.image,
      (text) => isImage(text, project, nameIn(id)),
    );
    if (user !== undefined) throw new ReveilleError('IMAGE_IN_USE', `${user} is created from ${id}`);
    await this.told(this.remove(nameIn(id), signal));
  }

  private idOf(name: string): string {
    return `projects/${this.settings.project}/global/images/${name}`;
  }

  /** Whoever comes to it takes up what there is: imported, being imported, or failed. */
  private async untilReady(name: string, path: string, context: RegistrarContext): Promise<void> {
    const { signal } = context;
    for (let tries = 0; ; tries++) {
      const found = await this.look(name, signal);
      if (found?.status === 'READY') return;
      if (found?.status === 'FAILED') await this.remove(name, signal);
      else if (found === undefined) await this.import(name, path, tries, context);
      else await pause(LOOK_MS, signal);
    }
  }

  private async import(name: string, path: string, tries: number, context: RegistrarContext): Promise<void> {
    const { signal } = context;
    // Of its own: who imports the same at the same time removes another.
    const object = `${name}-${randomUUID()}.tar.gz`;
    const archive = await diskArchive(path, signal);
    try {
      const source = await this.bucket.write(object, archive, context);
      const call = { method: 'POST', path: 'images', body: this.spec(name, source) } as const;
      const asking = ['image', name, tries, Date.now()];
      const { failure } = await askFor(this.api, 'global', call, asking, { signal, heartbeat: () => {} });
      if (failure !== undefined) throw failure;
    } catch (error) {
      // Another worker imports it, or has.
      if (!(error instanceof Refusal && error.status > 0 && isBusy(error))) throw error;
    } finally {
      archive.destroy();
      if (!signal.aborted) await this.bucket.remove(object, signal);
    }
  }

  private spec(name: string, source: string): object {
    const { family, architecture, guestOsFeatures } = this.settings;
    return {
      name,
      rawDisk: { source, containerType: 'TAR' },
      architecture: architecture.toUpperCase(),
      labels: { 'reveille-made': 'yes' },
      ...(family === undefined ? {} : { family }),
      ...(guestOsFeatures.length === 0 ? {} : { guestOsFeatures: guestOsFeatures.map((type) => ({ type })) }),
    };
  }

  private async look(name: string, signal: AbortSignal): Promise<CloudImage | undefined> {
    try {
      return await this.api.call<CloudImage>({ method: 'GET', path: `global/images/${name}`, signal });
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  private async remove(name: string, signal: AbortSignal): Promise<void> {
    try {
      const call = { method: 'DELETE', path: `images/${name}` } as const;
      const asking = ['no image', name, Date.now()];
      const { failure } = await askFor(this.api, 'global', call, asking, { signal, heartbeat: () => {} });
      if (failure !== undefined) throw failure;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Whatever the cloud says, it is this place's failure. */
  private async told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unanswered)) throw error;
      throw new ReveilleError('IMAGE_REGISTER_FAILED', error.message, { cause: error });
    }
  }
}

/** As the API names it (`projects/P/global/images/I`, or its URL), Pulumi (`P/I`), or either within the project. */
function isImage(text: string, project: string, name: string): boolean {
  if (nameIn(text) !== name) return false;
  const [, api, short] = /(?:^|\/)projects\/([^/]+)\/|^([^/]+)\/[^/]+$/.exec(text) ?? [];
  return (api ?? short ?? project) === project;
}

const nameOf = (key: string): string => `reveille-${key.slice(0, KEY_DIGITS)}`;
const nameIn = (id: string): string => id.slice(id.lastIndexOf('/') + 1);
