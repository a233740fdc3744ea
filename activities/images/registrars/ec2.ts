import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  type Config,
  createMasker,
  type Ec2Place,
  resolveReferences,
  stateDir,
} from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import { siteOf } from '../../host/owner.js';
import { pause } from '../../pause.js';
import { makeClient, resolved, secretsOfCredentials } from '../../providers/ec2/client.js';
import { isRefusal } from '../../providers/ec2/refusals.js';
import type { PlacedImage, Registrar, RegistrarContext } from './contract.js';
import { Ec2ImageCalls } from './ec2-calls.js';
import { commandFailed, environmentOf, firstLine, runImageCommand } from './program.js';
import { wouldWant } from './users.js';

/** On a snapshot: the name of the image that is to be made from it; and the id of the one that was. */
const FOR = 'reveille:image';
const REGISTERED = 'reveille:registered';
const MAX_URL = 2048;
/** Imports that the cloud has given up are begun again, under another token, so often. */
const MAX_IMPORTS = 5;

/**
 * A region of a cloud with EC2's interface: a disk is uploaded by a command of the operator's, imported as a snapshot and
 * registered as an image (AMI, EMI). The image's name, and the tags of its snapshot, tell what was made before.
 */
export class Ec2Registrar implements Registrar {
  readonly place: string;

  constructor(
    private readonly name: string,
    private readonly settings: Ec2Place['ec2'],
    private readonly config: Config,
  ) {
    this.place = `ec2:${name}`;
  }

  async register(image: PlacedImage, context: RegistrarContext): Promise<string> {
    if (image.type !== 'raw') {
      const message = `clouds with EC2's interface import disks of the type raw, and this one is ${image.type}: say type: raw`;
      throw new ReveilleError('IMAGE_REGISTER_FAILED', message);
    }
    return await this.bounded(context, async (calls, bounded) => {
      const name = this.nameOf(image.key);
      const known = await calls.image('name', name);
      const snapshot =
        (await calls.snapshots(FOR, name))[0] ??
        known?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ??
        (await this.imported(calls, image, name, bounded));
      const id = known?.ImageId ?? (await this.registerOnce(calls, name, snapshot));
      await calls.tag(snapshot, REGISTERED, id);
      await this.untilAvailable(calls, id, bounded.signal);
      return id;
    });
  }

  find(key: string, _known: string | undefined, context: RegistrarContext): Promise<string | undefined> {
    return this.bounded(context, async (calls) => {
      const image = await calls.image('name', this.nameOf(key));
      return image?.State === 'available' ? image.ImageId : undefined;
    });
  }

  /**
   * Its snapshot goes with it. Never one that an instance is made from, or one that is created later would want, nor one
   * that was not made here.
   */
  deregister(id: string, context: RegistrarContext): Promise<void> {
    return this.bounded(context, async (calls) => {
      const image = await calls.image('image-id', id);
      if (image !== undefined && !image.Name?.startsWith(this.start)) return;
      const resource = wouldWant(
        this.config,
        ({ ec2 }) => ec2?.image,
        (text) => text === id,
      );
      if (image !== undefined && resource !== undefined)
        throw new ReveilleError('IMAGE_IN_USE', `${resource} is created from ${id}`);
      const users = image === undefined ? [] : await calls.users(id);
      if (users.length > 0) {
        throw new ReveilleError('IMAGE_IN_USE', `${id} has instances: ${users.slice(0, 5).join(', ')}`);
      }
      await calls.deregister(id);
      for (const one of await calls.snapshots(REGISTERED, id)) await calls.removeSnapshot(one);
    });
  }

  private async registerOnce(calls: Ec2ImageCalls, name: string, snapshot: string): Promise<string> {
    const { architecture, virtualization, rootDevice, kernel, ramdisk, ena } = this.settings;
    try {
      return await calls.register({
        Name: name,
        Architecture: architecture,
        VirtualizationType: virtualization,
        RootDeviceName: rootDevice,
        BlockDeviceMappings: [
          { DeviceName: rootDevice, Ebs: { SnapshotId: snapshot, DeleteOnTermination: true } },
        ],
        ...(ena ? { EnaSupport: true } : {}),
        ...(kernel === undefined ? {} : { KernelId: kernel }),
        ...(ramdisk === undefined ? {} : { RamdiskId: ramdisk }),
      });
    } catch (error) {
      // Registered by a call whose answer was lost: the name is taken.
      const id = isRefusal(error, 'invalid') ? (await calls.image('name', name))?.ImageId : undefined;
      if (id === undefined) throw error;
      return id;
    }
  }

  /** The cloud may not tell of a new one at once, and makes no instance from one that is pending. */
  private async untilAvailable(calls: Ec2ImageCalls, id: string, signal: AbortSignal): Promise<void> {
    while ((await calls.image('image-id', id))?.State !== 'available')
      await pause(this.settings.interval, signal);
  }

  /** @returns the snapshot of an image, tagged. */
  private async imported(
    calls: Ec2ImageCalls,
    image: PlacedImage,
    name: string,
    context: RegistrarContext,
  ): Promise<string> {
    const url = await this.uploaded(image, context);
    const snapshot = await this.importedFrom(calls, url, image, name, context);
    await calls.tag(snapshot, FOR, name);
    await this.discard(image, url, context);
    return snapshot;
  }

  private async importedFrom(
    calls: Ec2ImageCalls,
    url: string,
    image: PlacedImage,
    name: string,
    { signal, progress }: RegistrarContext,
  ): Promise<string> {
    let said = '';
    for (let turn = 1; turn <= MAX_IMPORTS; turn++) {
      const token = createHash('sha256').update(`${name} ${url} ${turn}`).digest('hex').slice(0, 60);
      let task = await calls.task(await calls.import(url, token, name));
      for (let told = 0; task.state === 'active'; task = await calls.task(task.id)) {
        progress(((task.progress - told) / 100) * image.bytes);
        told = task.progress;
        await pause(this.settings.interval, signal);
      }
      if (task.state === 'completed') return task.snapshot;
      said = task.said;
    }
    throw new ReveilleError('IMAGE_REGISTER_FAILED', `the cloud did not import ${url}: ${said}`);
  }

  private async uploaded(image: PlacedImage, context: RegistrarContext): Promise<string> {
    const { upload, env, timeout } = this.settings;
    const command = { command: upload, env, timeout, key: `images.register.${this.name}.ec2.upload` };
    const end = await runImageCommand(command, environmentOf(image), this.config, context);
    if (end.code !== 0) throw commandFailed(command, end, this.secretTexts(), this.config);
    return firstLine(command, end, 'URL', MAX_URL);
  }

  private async discard(image: PlacedImage, url: string, context: RegistrarContext): Promise<void> {
    const { discard, env, timeout } = this.settings;
    if (discard === undefined) return;
    const command = { command: discard, env, timeout, key: `images.register.${this.name}.ec2.discard` };
    const told = { ...environmentOf(image), IMAGE_UPLOADED: url };
    const end = await runImageCommand(command, told, this.config, context);
    if (end.code !== 0) throw commandFailed(command, end, this.secretTexts(), this.config);
  }

  private secretTexts(): string[] {
    const { upload, discard = [], env } = this.settings;
    return [...upload, ...discard, ...Object.values(env)];
  }

  /** With what becomes of its bytes: another kernel is another image. */
  private nameOf(key: string): string {
    const { architecture, virtualization, rootDevice, kernel, ramdisk, ena } = this.settings;
    const text = JSON.stringify([key, architecture, virtualization, rootDevice, kernel, ramdisk, ena]);
    return this.start + createHash('sha256').update(text).digest('hex').slice(0, 32);
  }

  private get start(): string {
    return `reveille-${siteOf(this.config, join(stateDir(this.config), 'ec2'))}-`;
  }

  private async bounded<T>(
    { signal, progress }: RegistrarContext,
    work: (calls: Ec2ImageCalls, context: RegistrarContext) => Promise<T>,
  ): Promise<T> {
    const late = AbortSignal.timeout(this.settings.timeout);
    const bounded = AbortSignal.any([signal, late]);
    try {
      return await work(await this.calls(bounded), { signal: bounded, progress });
    } catch (error) {
      signal.throwIfAborted();
      if (isRefusal(error)) throw error.named('IMAGE_REGISTER_FAILED');
      if (!late.aborted) throw error;
      const message = `images.register.${this.name} took longer than ${this.settings.timeout / 1000} s`;
      throw new ReveilleError('IMAGE_REGISTER_FAILED', message, { cause: error });
    }
  }

  private async calls(signal: AbortSignal): Promise<Ec2ImageCalls> {
    const { settings, config } = this;
    const { region, endpoint, profile } = settings;
    const key = `images.register.${this.name}.ec2.credentials`;
    const credentials = resolved(
      settings.credentials,
      (end, text) =>
        resolveReferences(text, { env: process.env, folder: config.folder, key: `${key}.${end}` }).value,
    );
    const sdk = await import('@aws-sdk/client-ec2');
    const client = await makeClient(sdk, { region, endpoint, profile, credentials });
    const bounds = { callMs: settings.callTimeout, patienceMs: settings.patience, signal };
    return new Ec2ImageCalls(sdk, client, bounds, createMasker(secretsOfCredentials(credentials)));
  }
}
