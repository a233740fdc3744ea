import type { Plan } from '../activities/contract.js';
import { pauseExistence } from './existence.js';
import type { Life } from './life.js';
import type { Failure, ImageNews, ImageProgress, ImagesAwaited, MissingImage } from './messages.js';
import { anywhere, onHost, onProvider, target, until } from './steps.js';

/** Without news, they are looked for and asked for again: the image's execution may have been ended by hand. */
const FIRST_AGAIN_MS = 10_000;
const MAX_AGAIN_MS = 300_000;
/** As often an image may be gone again as soon as it is there. */
const MAX_ROUNDS = 5;
/** An image cannot be had. */
export class ImageFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** Waits until everything that the generation needs of images is there and taken for it. Skipped where it needs none. */
export async function imaging(life: Life, plan: Plan): Promise<void> {
  if (plan.images === undefined) return;
  const began = Date.now();
  const missing = await look(life, plan);
  if (missing.length > 0) {
    life.enter('imaging');
    pauseExistence(life);
    await made(life, plan, missing).finally(() => {
      life.images = {};
    });
    life.enter('booting');
  }
  life.steps.push({ step: 'image', took: Date.now() - began });
}

async function made(life: Life, plan: Plan, first: MissingImage[]): Promise<void> {
  let pause = FIRST_AGAIN_MS;
  let missing = first;
  for (let rounds = 0; missing.length > 0; missing = await look(life, plan)) {
    if (rounds >= MAX_ROUNDS) throw new ImageFailed({ code: 'INTERNAL', message: GONE });
    if (await untilTold(life, plan, missing, pause)) rounds += 1;
    else pause = Math.min(2 * pause, MAX_AGAIN_MS);
  }
}

const GONE = 'its images are gone again as soon as they are there: is images.budget too small for them?';

/** What an image's workflow says. */
export function noteImage({ generation, images }: Life, { ticket, key, ...news }: ImageNews): void {
  if (ticket === generation && images[key]) images[key] = news;
}

/** @returns those that are not there; the others cannot be evicted any more. Their digests may have to be checked. */
async function look(life: Life, plan: Plan): Promise<MissingImage[]> {
  const options = { queue: 'boot', timeoutMs: plan.images?.timeoutMs ?? 0, host: 'looked for' } as const;
  const { ensureImages } = onProvider(plan, { ...options, summary: 'are its images there?' });
  return await onHost(plan, plan.bootQueue, () => ensureImages(target(life, plan)));
}

/** @returns false where the time is over first. */
async function untilTold(
  life: Life,
  { images: plan }: Plan,
  images: MissingImage[],
  pauseMs: number,
): Promise<boolean> {
  if (plan === undefined) return true;
  const known = life.images;
  life.images = Object.fromEntries(images.map(({ key }) => [key, { ...progressOf(known[key]) }]));
  const { wantImages } = anywhere('ask for its images');
  await wantImages({ ...plan, images, resource: life.name, ticket: life.generation });
  const all = () => Object.values(life.images);
  const failed = () => all().find(({ failure }) => failure !== undefined)?.failure;
  const isTold = () => failed() !== undefined || all().every(({ ready }) => ready);
  await until(isTold, pauseMs, 'its images');
  const failure = failed();
  if (failure !== undefined) throw new ImageFailed(failure);
  return isTold();
}

const progressOf = (one: ImagesAwaited[string] | undefined) =>
  one?.progress === undefined ? {} : { progress: one.progress };

/** All that is awaited in one: bytes together, and the step that is furthest behind. */
export function imageProgress(images: ImagesAwaited): ImageProgress | undefined {
  const all = Object.values(images).flatMap(({ progress, ready }) => (ready || !progress ? [] : [progress]));
  const [first] = all;
  if (first === undefined) return undefined;
  const totals = all.map(({ total }) => total);
  const isKnown = totals.every((total) => total !== undefined);
  return {
    step: first.step,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(isKnown ? { total: totals.reduce((sum, total) => sum + total, 0) } : {}),
  };
}
