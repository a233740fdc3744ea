import express, { type Request, type RequestHandler, Router } from 'express';
import { type Config, hostName, imageKey, imageName, sign, verify } from '../config/index.js';
import { isReveilleError, ReveilleError } from '../errors/index.js';
import {
  type AddedImage,
  activityQueue,
  type ChoreResult,
  type ImageChore,
  type ImageDetails,
  type ImageListing,
  type ImageRemoval,
  type ImageSeeding,
  proofText,
} from '../workflows/messages.js';
import { IMAGE_NAME, imageBodies, imageQueries } from './image-inputs.js';
import {
  type AddedResult,
  IMAGES_PATH,
  type ImageStanding,
  OPERATOR_HEADER,
  operatorText,
} from './images-contract.js';
import { read } from './inputs.js';
import { asReveilleError, type Plane } from './plane.js';

const BODY_LIMIT = '64kb';
const ONE = `${IMAGES_PATH}/:image`;

type Named = Request<{ image: string }>;
/** The body as it was sent: what a proof is of. */
const texts = new WeakMap<object, string>();

/** The routes under /api/v1/images. @param config asked for each request: a reload changes it. */
export function imagesApi(config: () => Config, plane: Plane, secret: string): Router {
  const router = Router({ caseSensitive: true });
  router.use(
    IMAGES_PATH,
    express.json({ limit: BODY_LIMIT, verify: (req, _res, body) => texts.set(req, body.toString()) }),
  );
  router.param('image', (_req, _res, next, name: string) => {
    // What could never be a name is asked for nowhere.
    if (!IMAGE_NAME.test(name))
      throw new ReveilleError(
        'IMAGE_UNKNOWN',
        `There is no image named ${JSON.stringify(name.slice(0, 80))}`,
      );
    next();
  });
  addReads(router, config, plane);
  router.post(IMAGES_PATH, async (req, res) => {
    const { place: wanted, ...body } = read(imageBodies.add, req.body, 'body');
    const trusted = verify(secret, operatorText(texts.get(req) ?? ''), req.get(OPERATOR_HEADER));
    const at = wanted ?? hostName(config());
    const source = { ...body, type: body.type ?? 'file' };
    const key = imageKey(source);
    const name = imageName(source);
    const proof = trusted ? sign(secret, proofText(key, at)) : undefined;
    const input = { key, place: at, name, queue: activityQueue('image', at), added: added(source, proof) };
    await named(plane.images.add({ ...input, timeoutMs: config().images.timeout }));
    res.status(202).json({ key, place: at, name } satisfies AddedResult);
  });
  router.post(`${IMAGES_PATH}/collect`, async (req, res) => {
    const { place: at, all } = read(imageBodies.collect, req.body, 'body');
    res.json(await chore<ImageRemoval>(config(), plane, { do: 'collect', all }, at));
  });
  router.post(`${ONE}/seed`, async (req: Named, res) => {
    const { place: at, on } = read(imageBodies.seed, req.body, 'body');
    res.json(await chore<ImageSeeding>(config(), plane, { do: 'seed', name: req.params.image, on }, at));
  });
  router.delete(ONE, async (req: Named, res) => {
    const { place: at } = read(imageQueries.place, req.query, 'query');
    res.json(await chore<ImageRemoval>(config(), plane, { do: 'remove', name: req.params.image }, at));
  });
  return router;
}

function addReads(router: Router, config: () => Config, plane: Plane): void {
  router.get(IMAGES_PATH, async (req, res) => {
    const { place: at } = read(imageQueries.place, req.query, 'query');
    res.json(await chore<ImageListing>(config(), plane, { do: 'list' }, at));
  });
  const standing: RequestHandler<{ image: string }> = async (req, res) => {
    const { place: wanted } = read(imageQueries.place, req.query, 'query');
    res.json(await standingOf(config(), plane, req.params.image, wanted ?? hostName(config())));
  };
  router.get(`${ONE}/standing`, standing);
  router.get(ONE, async (req: Named, res) => {
    const { place: at } = read(imageQueries.place, req.query, 'query');
    res.json(await chore<ImageDetails>(config(), plane, { do: 'show', name: req.params.image }, at));
  });
}

/** @throws ReveilleError why the last try failed, where it did. */
async function standingOf(config: Config, plane: Plane, key: string, at: string): Promise<ImageStanding> {
  const known = await named(plane.images.state(key, at));
  if (known?.state === 'making') return { key, place: at, ...known };
  const image = await chore<ImageDetails>(config, plane, { do: 'show', name: key }, at).catch(absent);
  const id = known?.id === undefined ? {} : { id: known.id };
  // What was made once may have been removed since; in test mode nothing is ever kept.
  const isPretended = config.images.test !== undefined && known?.id !== undefined;
  if (image === undefined && !isPretended) return { key, place: at, state: 'absent' };
  return { key, place: at, state: 'usable', ...(image === undefined ? {} : { image }), ...id };
}

function absent(error: unknown): undefined {
  if (isReveilleError(error) && error.code === 'IMAGE_UNKNOWN') return undefined;
  throw error;
}

async function chore<T extends ChoreResult>(
  config: Config,
  plane: Plane,
  what: ImageChore,
  at = hostName(config),
): Promise<T> {
  // The queue of stops: a hundred boots that take their time keep nobody from asking.
  return await named(plane.images.chore<T>({ chore: what, place: at, queue: activityQueue('stop', at) }));
}

function added(
  { url, mirrors, type, compression, ...rest }: Parameters<typeof imageKey>[0] & { type: string },
  proof: string | undefined,
): AddedImage {
  const { sha256, sha512, sha1, guid, register, metadata } = rest;
  return {
    urls: [url, ...mirrors],
    type,
    compression,
    ...(proof === undefined ? {} : { proof }),
    metadata,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(sha512 === undefined ? {} : { sha512 }),
    ...(sha1 === undefined ? {} : { sha1 }),
    ...(guid === undefined ? {} : { guid }),
    ...(register === undefined ? {} : { register }),
  };
}

async function named<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw asReveilleError(error);
  }
}
