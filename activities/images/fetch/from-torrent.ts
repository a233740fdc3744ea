import { existsSync, renameSync, rmSync } from 'node:fs';
import { isReveilleError, ReveilleError } from '../../../errors/index.js';
import type { ImageContext } from '../contract.js';
import { fromFile } from './from-file.js';
import { fromHttp, type HttpJob } from './from-http.js';
import { PartFile } from './part-file.js';
import { readState, removeState, urlKey, writeState } from './part-state.js';
import { shownUrl } from './shown-url.js';
import type { FetchTask, FromChild, Go, TorrentId } from './torrent/messages.js';
import { runTorrentTask } from './torrent/process.js';

/** IP10: a magnet link, or the URL of a .torrent file. A fragment names one of several files in it. */
export const isTorrent = ({ protocol, pathname }: URL): boolean =>
  protocol === 'magnet:' || pathname.endsWith('.torrent');

/** Where the .torrent of a part stands that came by BitTorrent. */
export const describedIn = (partPath: string): string => `${partPath}.torrent`;

/**
 * Fetches a file by BitTorrent, in a process of its own. Its bytes come in any order, so they gather in a file beside
 * the part, from which a later process goes on, and become the part when all are there.
 * @throws ReveilleError IMAGE_TORRENT_FAILED, IMAGE_STALLED, IMAGE_TOO_LARGE, IMAGE_NO_SPACE, and as fromHttp does for
 * the .torrent itself.
 */
export async function fromTorrent(job: HttpJob): Promise<{ whole: boolean }> {
  const { url, part, partPath } = job;
  const key = urlKey(url.href);
  const beside = `${partPath}.${key.slice(0, 16)}`;
  const description = `${beside}.torrent`;
  const pieces = `${beside}.pieces`;
  const state = readState(partPath);
  try {
    if (part.size === 0 || state?.url !== key || state.total !== part.size) {
      // What another mirror sent is of no use here, and takes room.
      await part.restart();
      removeState(partPath);
      const total = await fetchPieces(job, await describe(job, description), pieces, description);
      writeState(partPath, { url: key, total });
      await part.adopt(pieces);
    }
    if (existsSync(description)) renameSync(description, describedIn(partPath));
    return { whole: true };
  } catch (error) {
    // It may be the description that is wrong: the next call is to ask for it again.
    if (isReveilleError(error) && error.code === 'IMAGE_TORRENT_FAILED') {
      rmSync(description, { force: true });
      throw new ReveilleError(error.code, `${shownUrl(url)}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** The torrent as far as it is known: described by an earlier process, or fetched, or only named by a magnet link. */
async function describe(job: HttpJob, description: string): Promise<TorrentId> {
  const { url, settings, asking } = job;
  if (existsSync(description)) return { file: description };
  const plain = new URL(url);
  plain.hash = '';
  if (url.protocol === 'magnet:') return { magnet: plain.href };
  const file = `${description}.part`;
  rmSync(file, { force: true });
  const limits = { maxBytes: settings.torrent.maxTorrentBytes, reserveStepBytes: 0 };
  const context: ImageContext = { signal: asking.signal, progress: () => {}, reserve: async () => {} };
  const part = await PartFile.open(file, ['sha256'], limits, context);
  try {
    if (url.protocol === 'file:') await fromFile(plain, part, context, asking.signal);
    else await fromHttp({ ...job, url: plain, part, partPath: file, context });
  } finally {
    await part.close();
  }
  return { file };
}

/** @returns how many bytes the file has, once all are there. */
async function fetchPieces(
  { url, part, asking, settings, context }: HttpJob,
  torrent: TorrentId,
  pieces: string,
  description: string,
): Promise<number> {
  const { stallMs, maxTorrentBytes: _, ...client } = settings.torrent;
  const name = decodeURIComponent(url.hash.slice(1));
  const { trusted, allowPrivate } = asking.rules;
  const task: FetchTask = {
    do: 'fetch',
    torrent,
    ...(name === '' ? {} : { name }),
    pieces,
    description,
    client,
    rules: { trusted, allowPrivate },
  };
  const stalled = new AbortController();
  let warning = '';
  const timer = setTimeout(() => {
    const text = `${shownUrl(url)}: nothing came from any peer for ${stallMs} ms${warning}`;
    stalled.abort(new ReveilleError('IMAGE_STALLED', text));
  }, stallMs);
  let total = 0;
  let bytes = 0;
  const hear = async (message: FromChild, say: (message: Go) => void): Promise<number | undefined> => {
    if (message.is === 'done') return message.bytes;
    if (message.is === 'warning') warning = ` (${message.why})`;
    else if (message.is === 'described') {
      total = message.bytes;
      await part.reserve(total);
      timer.refresh();
      say({ do: 'go' });
    } else if (message.is === 'progress') {
      if (message.checking || message.bytes !== bytes) timer.refresh();
      bytes = message.bytes;
      context.progress({ step: message.checking ? 'checking' : 'fetching', bytes, total });
    }
    return undefined;
  };
  try {
    return await runTorrentTask(task, AbortSignal.any([asking.signal, stalled.signal]), hear);
  } finally {
    clearTimeout(timer);
  }
}
