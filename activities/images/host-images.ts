import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Config,
  configuredImage,
  imageFolder,
  imageName,
  imagesOf,
  isCloudPlace,
  madeAtClouds,
  type ResourceDefinition,
  type WantedImage,
} from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { ImageInput, ImageResult, MissingImage, StopMode } from '../../workflows/messages.js';
import type { HostServices } from '../host/services.js';
import type { HeldFile } from './fetch/index.js';
import type { HandedImages } from './handed.js';
import { make } from './make.js';
import { pretend } from './pretend.js';
import { idAtCloud, register, registered, takeBack } from './registration.js';
import { addedSource, ImageSources, type KnownSource } from './sources.js';
import { ImageStore } from './store/store.js';
import { pathOf, type WorkContext } from './stored.js';
import { HeldTorrents } from './torrents.js';

/** Whose images they are. */
export interface ImageUser {
  readonly name: string;
  readonly generation: number;
  readonly definition: ResourceDefinition;
}

/** A generation uses images while it is awake; a disk on top of an image uses it until it is deleted. */
const awakeUser = (name: string, generation: number): string => `${name}@${generation}`;
const keptUser = (name: string): string => name;

/** The images of this host: what providers need is there before they boot, and stays as long as they need it. */
export class HostImages {
  readonly sources: ImageSources;
  readonly torrents: HeldTorrents;
  private opened: Promise<ImageStore> | undefined;

  constructor(private readonly services: HostServices) {
    this.sources = new ImageSources(join(services.stateDir, 'image-sources'));
    this.torrents = new HeldTorrents(join(services.stateDir, 'image-torrents'));
  }

  get config(): Config {
    return this.services.config;
  }

  /** The store is made when it is first used. @throws ReveilleError IMAGE_STORE_UNUSABLE. */
  async store(): Promise<ImageStore> {
    const { config, log } = this.services;
    const { budget, recheck } = config.images;
    const opened =
      this.opened ??
      ImageStore.open({
        directory: imageFolder(config),
        budgetBytes: budget,
        recheckAfterMs: recheck,
        deregister: (image, signal) => takeBack(image, this.services.config, signal),
        usersElsewhere: (key) => madeAtClouds(this.services.config, key),
        log,
      });
    this.opened = opened;
    try {
      const store = await opened;
      store.setBudget(budget);
      return store;
    } catch (error) {
      this.opened = undefined;
      throw error;
    }
  }

  /** Whether any image was ever kept here. */
  get isUsed(): boolean {
    return this.opened !== undefined || existsSync(imageFolder(this.config));
  }

  async close(): Promise<void> {
    const store = await this.opened?.catch(() => undefined);
    this.opened = undefined;
    await store?.close();
  }

  /**
   * Takes the images of a generation: nothing evicts them until `release`.
   * @returns those that are not there, or not registered where they should be.
   */
  async ensure({ name, generation, definition }: ImageUser, context: WorkContext): Promise<MissingImage[]> {
    const missing = new Map<string, MissingImage>();
    if (this.config.images.test !== undefined && imagesOf(definition).length > 0) {
      throw new ReveilleError(
        'IMAGE_UNKNOWN',
        `images.test is set: nothing is fetched, so ${name} has no images`,
      );
    }
    for (const wanted of imagesOf(definition)) {
      this.sources.remember(wanted);
      const isUsable =
        wanted.cloud === undefined
          ? await this.isUsableHere(wanted, { name, generation }, context)
          : (await this.idAt(wanted.cloud, wanted.key, context)) !== undefined;
      if (!isUsable) missing.set(wanted.key, { key: wanted.key, name: imageName(wanted.source) });
    }
    return [...missing.values()];
  }

  private async isUsableHere(
    wanted: WantedImage,
    { name, generation }: Pick<ImageUser, 'name' | 'generation'>,
    context: WorkContext,
  ): Promise<boolean> {
    const user = wanted.slot === 'disk' ? keptUser(name) : awakeUser(name, generation);
    const image = await (await this.store()).use(wanted.key, user, context);
    const known = { ...wanted, trusted: true };
    return image !== undefined && (await registered(image, known, this.services.config, context));
  }

  /**
   * The id of an image at a cloud. A worker of this host may have died before it wrote down what it had registered: then
   * nobody would ever take it back.
   */
  private async idAt(
    place: string,
    key: string,
    context: Pick<WorkContext, 'signal'>,
  ): Promise<string | undefined> {
    const id = await idAtCloud(place, key, this.services.config, context);
    if (id === undefined || !this.isUsed) return id;
    const store = await this.store();
    const image = store.find(key);
    if (image?.registrations.every((one) => one.place !== place)) await store.setRegistration(key, place, id);
    return id;
  }

  /**
   * What a generation is booted from.
   * @returns undefined where its definition names no images.
   * @throws ReveilleError IMAGE_REGISTER_FAILED where a cloud has lost one since it was looked for.
   */
  async forBoot(
    definition: ResourceDefinition,
    context: Pick<WorkContext, 'signal'>,
  ): Promise<HandedImages | undefined> {
    const [first] = imagesOf(definition);
    if (first?.cloud === undefined) return await this.handed(definition);
    const { slot, key, cloud, source } = first;
    const id = await this.idAt(cloud, key, context);
    if (id !== undefined) return new Map([[slot, { key, path: undefined, id }]]);
    throw new ReveilleError('IMAGE_REGISTER_FAILED', `${imageName(source)} is at ${cloud} no more`);
  }

  /**
   * What the images of a definition are that are there on this host.
   * @returns undefined where it names none that this host keeps for it.
   */
  async handed(definition: ResourceDefinition): Promise<HandedImages | undefined> {
    const wanted = imagesOf(definition).filter(({ cloud }) => cloud === undefined);
    if (wanted.length === 0) return undefined;
    const store = await this.store();
    return new Map(
      wanted.flatMap(({ slot, key, source }) => {
        const image = store.find(key);
        if (image === undefined) return [];
        const isIts = (place: string) => /^(?:command|ec2|gce):(.*)$/.exec(place)?.[1] === source.register;
        const id = image.registrations.find(({ place }) => isIts(place))?.id;
        return [[slot, { key, path: pathOf(image), ...(id === undefined ? {} : { id }) }]];
      }),
    );
  }

  /** A generation has ended: nothing of it runs. What is suspended has its files open still. */
  async release({ name, generation, definition }: ImageUser, then: StopMode): Promise<void> {
    const isElsewhere = imagesOf(definition).every(({ cloud }) => cloud !== undefined);
    if (then === 'suspend' || isElsewhere) return;
    const store = await this.store();
    // Its definition may have named other images when what is left of it was made.
    for (const { key, users } of store.list()) {
      const gone = users.filter(
        (user) => isOver(user, name, generation) || (then === 'delete' && user === name),
      );
      for (const user of gone) await store.release(key, user);
    }
  }

  /** What is to be given to others by BitTorrent. */
  async seeded(): Promise<HeldFile[]> {
    return this.torrents.wanted(await this.store(), this.config.images.torrent.seed);
  }

  /** Another worker has looked at what is needed at a cloud: the configuration is the same here. */
  private configured(key: string): KnownSource | undefined {
    const found = configuredImage(this.services.config, key);
    if (found === undefined) return undefined;
    const { slot: _slot, cloud: _cloud, ...known } = found;
    return { ...known, trusted: true };
  }

  /**
   * Makes one image usable, from where an earlier try was cut off.
   * @param trusted of an image that no definition names: whether the operator of this host has added it.
   * @throws ReveilleError IMAGE_….
   */
  async make(input: ImageInput, context: WorkContext, trusted = false): Promise<ImageResult> {
    // What the configuration names stays the operator's, whoever else asks for it: resources may be waiting for this.
    const known =
      this.sources.known(input.key) ??
      this.configured(input.key) ??
      (input.added === undefined ? undefined : addedSource(input.added, trusted));
    if (known === undefined)
      throw new ReveilleError('IMAGE_UNKNOWN', `nobody here knows where ${input.key} is from`);
    if (known.key !== input.key)
      throw new ReveilleError('IMAGE_SOURCE_INVALID', 'the key is not that of the source');
    const { config } = this.services;
    if (config.images.test !== undefined) return await pretend(known, config.images.test.sleep, context);
    if (isCloudPlace(input.place)) {
      // Registered by a worker that was lost before it could say so, or by another host: nothing has to be fetched.
      const id = await this.idAt(input.place, known.key, context);
      if (id !== undefined) return { key: known.key, bytes: 0, id };
    }
    const store = await this.store();
    const { log } = this.services;
    // Evicted before it is written down where it is registered, it would stay there for good.
    const user = store.passingUser();
    for (;;) {
      await make(store, known, { config, log, torrents: this.torrents }, context);
      const image = await store.use(known.key, user, context);
      if (image === undefined) continue;
      try {
        const [id] = await register(store, image, known, config, context);
        const { key, bytes, digests } = image;
        const sha256 = digests.sha256 === undefined ? {} : { sha256: digests.sha256 };
        return { key, bytes, ...sha256, ...(id === undefined ? {} : { id }) };
      } finally {
        await store.release(known.key, user);
      }
    }
  }
}

/** Uses of this and of older generations: there is one at a time. */
const isOver = (user: string, name: string, generation: number): boolean => {
  const [, owner, number] = /^(.*)@(\d+)$/.exec(user) ?? [];
  return owner === name && Number(number) <= generation;
};
