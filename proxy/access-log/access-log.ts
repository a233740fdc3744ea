import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Config, Logger } from '../../config/index.js';
import { type AccessLine, combinedLine, jsonLine } from './lines.js';

/** Lines are written together, after so many characters or so long. */
const CHUNK = 32 * 1024;
const FLUSH_MS = 1000;
/** Where a disk takes nothing more, lines beyond this are lost rather than kept in memory. */
const MAX_WAITING = 4 * 1024 * 1024;
const STANDARD_OUTPUT = '-';

type Settings = NonNullable<Config['proxy']['accessLog']>;

/** The access log of one proxy: a file within a bound, or standard output. Failing to write stops no request. */
export class AccessLog {
  readonly #path: string | undefined;
  readonly #line: (line: AccessLine) => string;
  readonly #timer: NodeJS.Timeout;
  #waiting = '';
  #writing: Promise<void> | undefined;
  /** What is wrong was told, and nothing has been written since. */
  #told = false;

  /** The one that a configuration asks for, if any. */
  static of({ proxy: { accessLog }, folder }: Config, log: Logger): AccessLog | undefined {
    return accessLog && new AccessLog(accessLog, folder, log);
  }

  private constructor(
    private readonly settings: Settings,
    folder: string,
    private readonly log: Logger,
  ) {
    const { file, format } = settings;
    this.#line = format === 'json' ? jsonLine : combinedLine;
    this.#path = file === STANDARD_OUTPUT ? undefined : resolve(folder, file);
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS).unref();
  }

  write(line: AccessLine): void {
    if (this.#waiting.length > MAX_WAITING) return;
    this.#waiting += `${this.#line(line)}\n`;
    if (this.#waiting.length > CHUNK) this.#flush();
  }

  /** Resolves when what waited is written. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    this.#flush();
    await this.#writing;
  }

  /** One at a time. */
  #flush(): void {
    if (this.#writing !== undefined || this.#waiting === '') return;
    const text = this.#waiting;
    this.#waiting = '';
    this.#writing = this.#put(text)
      .then(() => {
        this.#told = false;
      })
      .catch((error: unknown) => {
        if (!this.#told) this.log.error({ err: error }, 'the access log cannot be written');
        this.#told = true;
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }

  async #put(text: string): Promise<void> {
    if (this.#path === undefined) {
      await new Promise((resolve) => process.stdout.write(text, resolve));
      return;
    }
    await this.#turn(this.#path);
    // Opened each time: whoever moves the file away has to tell nobody. Only for its owner, since people stand in it.
    await appendFile(this.#path, text, { mode: 0o600 });
  }

  /** Past its bound the file becomes the older one, of which there is one. */
  async #turn(path: string): Promise<void> {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) await mkdir(dirname(path), { recursive: true });
    else if (found.size > this.settings.maxSize) await rename(path, `${path}.1`);
  }
}
