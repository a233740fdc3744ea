import { resolve } from 'node:path';
import type Docker from 'dockerode';
import type { SettingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { ProviderContext } from '../contract.js';
import { ifThere } from './engine.js';

/** A line of the engine's answer while it pulls or loads. */
interface Line {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
  error?: string;
}

/**
 * Sees to it that the engine has the image, telling how far it is.
 * @throws ReveilleError BOOT_FAILED saying why it cannot be had.
 */
export async function ensureImage(
  docker: Docker,
  { image = '', load, pull }: SettingsOf<'docker'>,
  folder: string,
  context: ProviderContext,
): Promise<void> {
  const isThere = (await ifThere(docker.getImage(image).inspect())) !== undefined;
  if (isThere && pull !== 'always') return;
  // One that is fetched was registered with the engine before the boot.
  if (typeof load === 'string' && !isThere) {
    await follow(docker, await docker.loadImage(resolve(folder, load)), `loading ${load}`, context);
    if ((await ifThere(docker.getImage(image).inspect())) !== undefined) return;
    throw new ReveilleError('BOOT_FAILED', `there is no image ${image} in ${load}`);
  }
  if (pull === 'never' || (load !== undefined && pull !== 'always')) {
    const why = pull === 'never' ? 'docker.pull is never' : 'it was removed since it was loaded';
    throw new ReveilleError('BOOT_FAILED', `the engine has no image ${image}, and ${why}`);
  }
  const { signal: abortSignal } = context;
  await follow(docker, await docker.pull(withTag(image), { abortSignal }), `pulling ${image}`, context);
}

/** The engine pulls every tag of a repository where none is named. */
const withTag = (image: string): string => (/[:@][^/]*$/.test(image) ? image : `${image}:latest`);

function follow(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  what: string,
  { heartbeat, signal }: ProviderContext,
): Promise<void> {
  const layers = new Map<string, { current: number; total: number }>();
  const abort = () =>
    'destroy' in stream && typeof stream.destroy === 'function' && stream.destroy(signal.reason);
  signal.addEventListener('abort', abort);
  return new Promise<void>((done, fail) => {
    const finish = (error: Error | null) => (error === null ? done() : fail(asBootFailure(error, what)));
    docker.modem.followProgress(stream, finish, (line: Line) => {
      if (line.error !== undefined) fail(new ReveilleError('BOOT_FAILED', `${what}: ${line.error}`));
      heartbeat(`${what}${progressOf(line, layers)}`);
    });
  }).finally(() => signal.removeEventListener('abort', abort));
}

function progressOf(
  { id, progressDetail }: Line,
  layers: Map<string, { current: number; total: number }>,
): string {
  const { current, total } = progressDetail ?? {};
  if (id !== undefined && current !== undefined && total !== undefined) layers.set(id, { current, total });
  const all = [...layers.values()];
  const whole = all.reduce((sum, layer) => sum + layer.total, 0);
  const done = all.reduce((sum, layer) => sum + layer.current, 0);
  return whole === 0 ? '' : `: ${Math.floor((100 * done) / whole)}% of ${Math.ceil(whole / 1e6)} MB`;
}

const asBootFailure = (error: Error, what: string): ReveilleError =>
  new ReveilleError('BOOT_FAILED', `${what}: ${error.message}`, { cause: error });
