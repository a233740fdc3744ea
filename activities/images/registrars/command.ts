import { spawn } from 'node:child_process';
import { type CommandPlace, type Config, createMasker, resolveReferences } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import { prepareProgram } from '../../host/program.js';
import { cleanText, lastBytes } from '../../log-text.js';
import type { PlacedImage, Registrar, RegistrarContext } from './contract.js';

type Settings = CommandPlace;
type Step = 'register' | 'deregister' | 'exists';

/** Of what a command prints: an id is a short line. */
const OUTPUT_BYTES = 8192;
const SAID_BYTES = 1024;
const MAX_ID = 512;
const BEAT_MS = 1000;

interface End {
  readonly code: number | null;
  readonly printed: string;
  readonly said: string;
}

/**
 * Any place that commands of the operator speak to (IP12). What is known of an image reaches them in their environment
 * alone, and no shell is in between.
 */
export class CommandRegistrar implements Registrar {
  readonly place: string;

  constructor(
    private readonly name: string,
    private readonly settings: Settings,
    private readonly config: Config,
  ) {
    this.place = `command:${name}`;
  }

  async register(image: PlacedImage, context: RegistrarContext): Promise<string> {
    const end = await this.run('register', this.settings.register, environmentOf(image), context);
    if (end.code !== 0) throw this.failed('register', end);
    const id = cleanText(end.printed.split('\n', 1)[0] ?? '').trim();
    if (id === '' || id.length > MAX_ID) {
      const message = `${this.key('register')} printed no id of at most ${MAX_ID} characters as its first line`;
      throw new ReveilleError('IMAGE_REGISTER_FAILED', message);
    }
    return id;
  }

  async exists(id: string, context: RegistrarContext): Promise<boolean> {
    const { exists } = this.settings;
    if (exists === undefined) return true;
    const end = await this.run('exists', exists, { IMAGE_ID: id }, context);
    if (end.code !== 0 && end.code !== 1) throw this.failed('exists', end);
    return end.code === 0;
  }

  async deregister(id: string, context: RegistrarContext): Promise<void> {
    const { deregister } = this.settings;
    if (deregister === undefined) return;
    const end = await this.run('deregister', deregister, { IMAGE_ID: id }, context);
    if (end.code !== 0) throw this.failed('deregister', end);
  }

  private key(step: Step): string {
    return `images.register.${this.name}.${step}`;
  }

  private failed(step: Step, { code, said }: End): ReveilleError {
    const masked = this.masker()(said).trim();
    const how = code === null ? 'was ended by a signal' : `ended with ${code}`;
    return new ReveilleError(
      'IMAGE_REGISTER_FAILED',
      `${this.key(step)} ${how}${masked === '' ? '' : `: ${lastBytes(masked, SAID_BYTES)}`}`,
    );
  }

  /** Its secrets could be in what it says. */
  private masker(): (text: string) => string {
    const { register, deregister = [], exists = [], env } = this.settings;
    const texts = [...register, ...deregister, ...exists, ...Object.values(env)];
    const { folder } = this.config;
    return createMasker(texts.flatMap((text) => secretsOf(text, folder)));
  }

  private async run(
    step: Step,
    command: readonly string[],
    told: Record<string, string>,
    { signal, progress }: RegistrarContext,
  ): Promise<End> {
    const { env, timeout } = this.settings;
    const program = { command, env, cwd: '.', user: undefined, key: this.key(step) };
    const prepared = await prepareProgram(program, told, this.config);
    const late = AbortSignal.timeout(timeout);
    const beat = setInterval(() => progress(0), BEAT_MS);
    try {
      return await runToEnd(prepared, AbortSignal.any([signal, late]));
    } catch (error) {
      signal.throwIfAborted();
      const why = late.aborted ? `took longer than ${timeout / 1000} s` : String(error);
      throw new ReveilleError('IMAGE_REGISTER_FAILED', `${this.key(step)} ${why}`);
    } finally {
      clearInterval(beat);
    }
  }
}

const secretsOf = (text: string, folder: string): string[] => {
  try {
    return resolveReferences(text, { env: process.env, folder }).secrets;
  } catch {
    return [];
  }
};

const environmentOf = ({
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
