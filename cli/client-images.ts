import { setTimeout as sleep } from 'node:timers/promises';
import { defaultConfigFile, loadConfig, readSecret, sign } from '../config/index.js';
import {
  type AddedResult,
  IMAGES_PATH,
  type ImageStanding,
  OPERATOR_HEADER,
  operatorText,
} from '../control/images-contract.js';
import { inWords, sizeInWords } from '../control/words.js';
import { ReveilleError } from '../errors/index.js';
import type { ImageDetails, ImageListing, ImageRemoval, ImageSeeding } from '../workflows/messages.js';
import type { ClientContext } from './client-actions.js';
import { plain, table } from './client-format.js';
import { ControlClient } from './client-http.js';
import type { AddOptions } from './image-commands.js';
import { ImageProgressLine } from './image-progress.js';

const LOOK_MS = 500;

interface AtPlace {
  place?: string | undefined;
}

const query = ({ place }: AtPlace): string =>
  place === undefined ? '' : `?place=${encodeURIComponent(place)}`;
const of = ({ configFile }: ClientContext) => ControlClient.of(configFile, IMAGES_PATH);

export async function list(context: ClientContext, at: AtPlace): Promise<void> {
  const found = await of(context).json<ImageListing>(query(at));
  process.stdout.write(context.json ? `${JSON.stringify(found)}\n` : listText(found, Date.now()));
}

function listText({ place, budget, used, images }: ImageListing, now: number): string {
  const head = ['KEY', 'NAME', 'TYPE', 'SIZE', 'LAST USE', 'USED BY'];
  const rows = images.map(({ key, name, type, bytes, lastUse, users }) => [
    key.slice(0, 12),
    plain(name),
    type,
    sizeInWords(bytes),
    `${inWords(now - lastUse)} ago`,
    users.join(', '),
  ]);
  const sum = `${plain(place)}: ${sizeInWords(used)} of ${sizeInWords(budget)} (images.budget)\n`;
  return images.length === 0 ? sum : table([head, ...rows]) + sum;
}

export async function show(context: ClientContext, name: string, at: AtPlace): Promise<void> {
  const image = await of(context).json<ImageDetails>(`/${encodeURIComponent(name)}${query(at)}`);
  process.stdout.write(context.json ? `${JSON.stringify(image)}\n` : detailsText(image, Date.now()));
}

function detailsText(image: ImageDetails, now: number): string {
  const facts: [string, string | undefined][] = [
    ['key', image.key],
    ['type', image.type],
    ['sha256', image.sha256],
    ['guid', image.guid],
    ['from', image.url],
    ['size', sizeInWords(image.bytes)],
    ['fetched', `${inWords(now - image.created)} ago`],
    ['checked', `${inWords(now - image.checked)} ago`],
    ['last use', `${inWords(now - image.lastUse)} ago`],
    ['used by', image.users.join(', ')],
    ...image.registrations.map(({ place, id }): [string, string] => ['registered', `${id} at ${place}`]),
    ...image.files.map((file): [string, string] => ['file', file]),
  ];
  const told = facts.flatMap(([fact, text]) => (text ? [[`  ${fact}`, plain(text)]] : []));
  return `${plain(image.name)}\n${table(told)}`;
}

export async function remove(context: ClientContext, name: string, at: AtPlace): Promise<void> {
  const path = `/${encodeURIComponent(name)}${query(at)}`;
  tellRemoval(context, await of(context).json<ImageRemoval>(path, { method: 'DELETE', patient: true }));
}

export async function seed(
  context: ClientContext,
  name: string,
  { off = false, place }: AtPlace & { off?: boolean },
): Promise<void> {
  const body = { on: !off, ...(place === undefined ? {} : { place }) };
  const path = `/${encodeURIComponent(name)}/seed`;
  const result = await of(context).json<ImageSeeding>(path, { method: 'POST', body });
  const said = `${plain(result.name)} is ${result.seeding ? '' : 'not '}given to others by BitTorrent\n`;
  process.stdout.write(context.json ? `${JSON.stringify(result)}\n` : said);
}

export async function collect(
  context: ClientContext,
  { all = false, place }: AtPlace & { all?: boolean },
): Promise<void> {
  const body = { all, ...(place === undefined ? {} : { place }) };
  tellRemoval(
    context,
    await of(context).json<ImageRemoval>('/collect', { method: 'POST', body, patient: true }),
  );
}

function tellRemoval({ json }: ClientContext, removal: ImageRemoval): void {
  const { removed, kept } = removal;
  const lines = [
    ...removed.map((name) => `${plain(name)} is removed\n`),
    ...kept.map((name) => `${plain(name)} is kept: its place did not let it go; the worker's log says why\n`),
  ];
  const text = lines.length === 0 ? 'There was nothing to remove.\n' : lines.join('');
  process.stdout.write(json ? `${JSON.stringify(removal)}\n` : text);
}

/** Has an image made usable. With `wait` until it is: prints its id where it is registered, else its path. */
export async function add(
  context: ClientContext,
  url: string,
  { wait = false, ...options }: AddOptions,
  timeoutMs: number,
): Promise<void> {
  const body = bodyOf(url, options);
  const headers = { [OPERATOR_HEADER]: await proof(context, body) };
  const client = of(context);
  const added = await client.json<AddedResult>('', { method: 'POST', body, headers });
  if (!wait) {
    process.stdout.write(
      context.json ? `${JSON.stringify(added)}\n` : `${plain(added.name)} is being made usable\n`,
    );
    return;
  }
  const standing = await untilUsable(client, context, added, timeoutMs);
  const id = standing.id ?? standing.image?.files[0] ?? added.key;
  process.stdout.write(context.json ? `${JSON.stringify(standing)}\n` : `${plain(id)}\n`);
}

function bodyOf(url: string, { mirror, ...options }: Omit<AddOptions, 'wait'>): object {
  const { sha256, sha512, sha1, guid, type, compression, metadata, register, place } = options;
  return { url, mirrors: mirror, sha256, sha512, sha1, guid, type, compression, metadata, register, place };
}

/** Only who may read the secret of this host has it. */
async function proof({ configFile }: ClientContext, body: object): Promise<string> {
  const config = loadConfig(configFile ?? defaultConfigFile(process.cwd()));
  return sign(await readSecret(config), operatorText(JSON.stringify(body)));
}

async function untilUsable(
  client: ControlClient,
  { json }: ClientContext,
  { key, place, name }: AddedResult,
  timeoutMs: number,
): Promise<ImageStanding> {
  const line = new ImageProgressLine(name, json ? undefined : process.stderr);
  const deadline = performance.now() + timeoutMs;
  try {
    for (;;) {
      const standing = await client.json<ImageStanding>(
        `/${key}/standing?place=${encodeURIComponent(place)}`,
      );
      if (standing.state === 'usable') return standing;
      if (standing.progress !== undefined) line.show(standing.progress);
      if (performance.now() >= deadline) {
        const message = `${plain(name)} is not usable after ${timeoutMs / 1000} s; it goes on`;
        throw new ReveilleError('IMAGE_TIMEOUT', message, { retryInMs: 5000 });
      }
      await sleep(Math.min(LOOK_MS, deadline - performance.now()));
    }
  } finally {
    line.end();
  }
}
