import { rmSync } from 'node:fs';
import { isReveilleError, ReveilleError } from '../../../errors/index.js';
import type { Digests, ImageContext } from '../contract.js';
import { withDeadline } from './deadline.js';
import { fromFile } from './from-file.js';
import { fromHttp } from './from-http.js';
import { describedIn, fromTorrent, isTorrent } from './from-torrent.js';
import { PartFile } from './part-file.js';
import { removeBeside, stateFile } from './part-state.js';
import { type FetchSettings, withTimers } from './settings.js';
import { shownUrl } from './shown-url.js';
import { ALGORITHMS, checkedUrls, type FetchSource, isDigestKnown, mismatch } from './source.js';

/** What was fetched. */
export interface Fetched {
  bytes: number;
  /** In hexadecimal, of the file as it is now. */
  sha256: string;
  /** The URL that gave the (last) bytes, as the source has it. */
  from: string;
  /** Where it came by BitTorrent: the path of its .torrent, beside the part. Who keeps it can seed the file. */
  torrent?: string;
  /** What an operator should know, though all went well. */
  warnings: string[];
}

/** One call, as its steps see it. */
interface Job {
  source: FetchSource;
  path: string;
  part: PartFile;
  settings: FetchSettings;
  context: ImageContext;
  signal: AbortSignal;
}

/**
 * Fetches the bytes of a source into a file and checks them. It goes on from what an earlier call, of a process that
 * may have died, left there; one call at a time.
 * @param path the partial file, in a folder that is this call's to put small files beside it.
 * @throws ReveilleError IMAGE_*: of the one URL, or of all in turn. After IMAGE_DIGEST_MISMATCH and IMAGE_TOO_LARGE
 * nothing is left, after others what came so far. The signal's reason.
 */
export async function fetchSource(
  source: FetchSource,
  path: string,
  given: FetchSettings,
  context: ImageContext,
): Promise<Fetched> {
  const urls = checkedUrls(source);
  const settings = withTimers(given);
  return await withDeadline(context.signal, settings.wholeMs, async (signal) => {
    const algorithms = ALGORITHMS.filter((name) => name === 'sha256' || source.digests[name] !== undefined);
    const part = await PartFile.open(path, algorithms, settings, context);
    try {
      return await fromFirst(urls, { source, path, part, settings, context, signal });
    } finally {
      await part.close();
    }
  });
}

/** The first of the mirrors that gives the bytes. */
async function fromFirst(urls: readonly URL[], job: Job): Promise<Fetched> {
  const failures: ReveilleError[] = [];
  for (const [index, url] of urls.entries()) {
    try {
      const { size, sha256 } = await fromOne(url, job);
      const torrent = isTorrent(url) ? describedIn(job.path) : undefined;
      removeBeside(job.path, [stateFile(job.path), torrent ?? '']);
      return {
        bytes: size,
        sha256,
        from: job.source.urls[index] ?? url.href,
        ...(torrent === undefined ? {} : { torrent }),
        warnings: warningsOf(job.source.digests, torrent !== undefined),
      };
    } catch (error) {
      job.signal.throwIfAborted();
      if (!isReveilleError(error) || OF_THIS_HOST.has(error.code)) throw error;
      if (BYTES_ARE_WRONG.has(error.code)) await forget(job);
      failures.push(error);
    }
  }
  const last = failures.at(-1);
  if (last !== undefined && BYTES_ARE_WRONG.has(last.code)) rmSync(job.path, { force: true });
  throw inOne(failures);
}

/** No mirror mends these. */
const OF_THIS_HOST = new Set<string>(['IMAGE_NO_SPACE', 'IMAGE_DISK_FAILED']);
const BYTES_ARE_WRONG = new Set<string>(['IMAGE_DIGEST_MISMATCH', 'IMAGE_TOO_LARGE']);

async function fromOne(url: URL, job: Job): Promise<{ size: number; sha256: string }> {
  const { whole } = await transfer(url, job);
  const wrong = await check(job);
  if (wrong.text === undefined) return wrong;
  if (whole) throw digestWrong(url, wrong.text);
  // Put together from several answers: one of them may have been of something else. Once more, in one piece.
  await forget(job);
  await transfer(url, job);
  const again = await check(job);
  if (again.text !== undefined) throw digestWrong(url, again.text);
  return again;
}

async function check({
  part,
  source,
  signal,
}: Job): Promise<{ size: number; sha256: string; text?: string }> {
  const seen = await part.digests(signal);
  const text = mismatch(seen, source.digests);
  const sha256 = seen.get('sha256') ?? '';
  return { size: part.size, sha256, ...(text === undefined ? {} : { text }) };
}

/** @returns whether all bytes are of one answer. */
async function transfer(url: URL, job: Job): Promise<{ whole: boolean }> {
  const { source, part, path, settings, context, signal } = job;
  if (url.protocol === 'file:' && !isTorrent(url)) {
    await fromFile(url, part, context, signal);
    return { whole: true };
  }
  const { trusted, credentials, urls, digests } = source;
  const rules = { trusted, allowPrivate: settings.allowPrivate, digestKnown: isDigestKnown(digests) };
  const secret = credentials === undefined ? undefined : { ...credentials, origin: new URL(urls[0]).origin };
  const asking = { rules, settings, credentials: secret, signal };
  const http = { url, part, partPath: path, asking, settings, context };
  return isTorrent(url) ? await fromTorrent(http) : await fromHttp(http);
}

async function forget({ part, path }: Job): Promise<void> {
  await part.restart();
  removeBeside(path, []);
}

/** One failure for those of all mirrors, by the name of the last. */
function inOne(failures: readonly ReveilleError[]): ReveilleError {
  const last = failures.at(-1);
  if (last === undefined) return new ReveilleError('IMAGE_SOURCE_INVALID', 'an image has no URL');
  if (failures.length === 1) return last;
  return new ReveilleError(last.code, failures.map(({ message }) => message).join('; '), { cause: last });
}

const digestWrong = (url: URL, text: string): ReveilleError =>
  new ReveilleError('IMAGE_DIGEST_MISMATCH', `${shownUrl(url)}: ${text}`);

function warningsOf({ sha256, sha512, sha1 }: Digests, byTorrent: boolean): string[] {
  if (sha256 !== undefined || sha512 !== undefined) return [];
  if (sha1 !== undefined) {
    return ['sha1 alone is weak: whoever makes an image can make two of one digest; give its sha256'];
  }
  return byTorrent ? ['a torrent checks its pieces by sha1 alone, which is weak: give the sha256 too'] : [];
}
