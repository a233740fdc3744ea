import { spawn } from 'node:child_process';
import { type Config, createMasker, resolveReferences } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import { prepareProgram } from '../../host/program.js';
import { cleanText, lastBytes } from '../../log-text.js';
import type { PlacedImage, RegistrarContext } from './contract.js';

/** Of what a command prints: what is asked for is a short line. */
const OUTPUT_BYTES = 8192;
const SAID_BYTES = 1024;
const BEAT_MS = 1000;

/** A command of the operator's that has to do with images. */
export interface ImageCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** ms. */
  readonly timeout: number;
  /** Where it stands in the configuration, for errors. */
  readonly key: string;
}

export interface End {
  readonly code: number | null;
  readonly printed: string;
  readonly said: string;
}

/**
 * Runs it to its end, without a shell.
 * @param told what is known of the image, added to its environment.
 * @throws ReveilleError IMAGE_REGISTER_FAILED where it cannot be run or takes too long.
 */
export async function runImageCommand(
  { command, env, timeout, key }: ImageCommand,
  told: Record<string, string>,
  config: Config,
  { signal, progress }: RegistrarContext,
): Promise<End> {
  const program = { command: [...command], env: { ...env }, cwd: '.', user: undefined, key };
  const prepared = await prepareProgram(program, told, config);
  const late = AbortSignal.timeout(timeout);
  const beat = setInterval(() => progress(0), BEAT_MS);
  try {
    return await runToEnd(prepared, AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    const why = late.aborted ? `took longer than ${timeout / 1000} s` : String(error);
    throw new ReveilleError('IMAGE_REGISTER_FAILED', `${key} ${why}`);
  } finally {
    clearInterval(beat);
  }
}

/** What a command's failure is called. @param secrets all texts in which its secrets are referred to. */
export function commandFailed(
  { key }: ImageCommand,
  { code, said }: End,
  secrets: readonly string[],
  { folder }: Config,
): ReveilleError {
  const mask = createMasker(secrets.flatMap((text) => secretsIn(text, folder)));
  const masked = mask(said).trim();
  const how = code === null ? 'was ended by a signal' : `ended with ${code}`;
  return new ReveilleError(
    'IMAGE_REGISTER_FAILED',
    `${key} ${how}${masked === '' ? '' : `: ${lastBytes(masked, SAID_BYTES)}`}`,
  );
}

const secretsIn = (text: string, folder: string): string[] => {
  try {
    return resolveReferences(text, { env: process.env, folder }).secrets;
  } catch {
    return [];
  }
};

/** The first line that it printed. @throws ReveilleError IMAGE_REGISTER_FAILED where that is none. */
export function firstLine({ key }: ImageCommand, { printed }: End, noun: string, most: number): string {
  const line = cleanText(printed.split('\n', 1)[0] ?? '').trim();
  if (line !== '' && line.length <= most) return line;
  const message = `${key} printed no ${noun} of at most ${most} characters as its first line`;
  throw new ReveilleError('IMAGE_REGISTER_FAILED', message);
}

/** What commands know of an image. */
export const environmentOf = ({
  key,
  path,
  type,
  sha256,
  guid,
  url,
  bytes,
}: PlacedImage): Record<string, string> => ({
  IMAGE_KEY: key,
  IMAGE_PATH: path,
  IMAGE_TYPE: type,
  IMAGE_BYTES: String(bytes),
  ...(sha256 === undefined ? {} : { IMAGE_SHA256: sha256 }),
  ...(guid === undefined ? {} : { IMAGE_GUID: guid }),
  ...(url === undefined ? {} : { IMAGE_URL: url }),
});

/** In a group of its own, so that all it started ends with it. Rejects where it is cut short or cannot be run. */
function runToEnd(
  { argv, cwd, env }: Awaited<ReturnType<typeof prepareProgram>>,
  signal: AbortSignal,
): Promise<End> {
  signal.throwIfAborted();
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (printed.length < OUTPUT_BYTES) printed = (printed + text).slice(0, OUTPUT_BYTES);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = lastBytes(said + text, OUTPUT_BYTES);
    });
    const finish = (end: () => void) => {
      signal.removeEventListener('abort', abort);
      killGroup(child.pid);
      end();
    };
    const abort = () => finish(() => reject(signal.reason));
    signal.addEventListener('abort', abort);
    child.once('error', (error) => finish(() => reject(error)));
    // Its last words have been read by then.
    child.once('exit', () => killGroup(child.pid));
    child.once('close', (code) => finish(() => resolve({ code, printed, said: cleanText(said) })));
  });
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left.
  }
}
