import { createReadStream } from 'node:fs';
import type Docker from 'dockerode';
import { ReveilleError } from '../../../errors/index.js';
import { engineAt, ifThere, named, statusOf } from '../../providers/docker/engine.js';
import type { PlacedImage, Registrar, RegistrarContext } from './contract.js';

/** A line of the engine's answer. */
interface Line {
  error?: string;
}

/**
 * A Docker engine: archives of `docker save` and OCI archives are loaded, tar archives of a file system imported. Its
 * id is the one that the engine gives the image.
 */
export class DockerRegistrar implements Registrar {
  readonly place: string;
  private readonly docker: Docker;

  constructor(
    /** The name that containers are created from. */
    private readonly image: string,
    engine: string | undefined,
  ) {
    this.docker = engineAt(engine);
    this.place = `docker:${engine ?? 'default'} ${image}`;
  }

  async register(placed: PlacedImage, context: RegistrarContext): Promise<string> {
    await named('IMAGE_REGISTER_FAILED', this.hand(placed, context));
    const id = await this.idNow();
    if (id !== undefined) return id;
    throw new ReveilleError('IMAGE_REGISTER_FAILED', `there is no image ${this.image} in what was fetched`);
  }

  /** Its name may lead to an image of somebody else's. */
  async find(_key: string, known: string | undefined): Promise<string | undefined> {
    return known !== undefined && (await this.idNow()) === known ? known : undefined;
  }

  /** By its exact id: the name may lead to another image by now. Never one that a container is made from. */
  async deregister(id: string): Promise<void> {
    if ((await this.idNow()) === id) await named('IMAGE_REGISTER_FAILED', this.remove());
  }

  private async remove(): Promise<void> {
    try {
      await ifThere(this.docker.getImage(this.image).remove());
    } catch (cause) {
      if (statusOf(cause) !== 409) throw cause;
      throw new ReveilleError('IMAGE_IN_USE', `containers are made from ${this.image}`, { cause });
    }
  }

  private async idNow(): Promise<string | undefined> {
    const found = await named('IMAGE_REGISTER_FAILED', ifThere(this.docker.getImage(this.image).inspect()));
    return found?.Id;
  }

  private async hand({ path, type }: PlacedImage, context: RegistrarContext): Promise<void> {
    const archive = createReadStream(path);
    const abort = () => archive.destroy(new Error('cut short'));
    context.signal.addEventListener('abort', abort);
    archive.on('data', (chunk) => context.progress(chunk.length));
    try {
      const { repo, tag } = partsOf(this.image);
      const answer =
        type === 'filesystem'
          ? await this.docker.importImage(archive, { repo, tag })
          : await this.docker.loadImage(archive);
      await this.untilDone(answer);
    } finally {
      context.signal.removeEventListener('abort', abort);
      archive.destroy();
    }
  }

  private untilDone(answer: NodeJS.ReadableStream): Promise<void> {
    return new Promise((done, fail) => {
      this.docker.modem.followProgress(
        answer,
        (error: Error | null) => (error === null ? done() : fail(failed(error.message))),
        (line: Line) => {
          if (line.error !== undefined) fail(failed(line.error));
        },
      );
    });
  }
}

const failed = (said: string): ReveilleError =>
  new ReveilleError('IMAGE_REGISTER_FAILED', `the Docker engine did not take it: ${said}`);

/** `registry:5000/app:1` as its repository and its tag. */
function partsOf(image: string): { repo: string; tag: string } {
  const [, repo = image, tag = 'latest'] = /^(.*?)(?::([^/:]+))?$/.exec(image) ?? [];
  return { repo, tag };
}
