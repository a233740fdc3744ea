/** Resources that callers make from templates: files in resources.d, applied by a reload. */
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import {
  type Config,
  ConfigError,
  type InstanceFile,
  instanceFile,
  instanceFolder,
  loadConfig,
} from '../config/index.js';
import { ReveilleError } from '../errors/index.js';

/** How long a caller waits for this process to have read the change. */
const APPLY_MS = 5000;
const LOOK_MS = 20;

export interface InstanceServices {
  /** The one in force: a reload changes it. */
  config: () => Config;
  /** Has all parts read the files again. */
  reload: () => void;
}

/** Whether a resource is one that callers have made, and may take out. */
export function isInstance({ folder, file }: Config, name: string): boolean {
  return file !== undefined && existsSync(instanceFile(folder, name));
}

/** Writes and removes the files, one change after the other: each is checked together with all before it. */
export class Instances {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly services: InstanceServices) {}

  /**
   * Makes a resource, or changes it. It is checked before anything is written, and written as the caller has it:
   * what the schema makes of a duration or a size is not what a file may say.
   * @param definition what a file of resources.d says, as far as the caller knows.
   * @returns whether it is new, and whether this process has it already.
   * @throws ReveilleError USAGE with what is wrong.
   */
  put(name: string, definition: unknown): Promise<{ created: boolean; applied: boolean }> {
    return this.inTurn(async () => {
      const { folder } = this.services.config();
      const file = instanceFile(folder, name);
      const text = stringify(definition ?? {});
      const others = (files: InstanceFile[]) => files.filter((one) => one.name !== name);
      this.check((files) => [...others(files), { name, file, text }]);
      const created = !existsSync(file);
      await writeWhole(folder, file, text);
      return { created, applied: await this.apply() };
    });
  }

  /** @returns whether this process has read it already. */
  remove(name: string): Promise<boolean> {
    return this.inTurn(async () => {
      await rm(instanceFile(this.services.config().folder, name), { force: true });
      return await this.apply();
    });
  }

  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.last.then(change);
    this.last = done.catch(() => {});
    return done;
  }

  private check(change: (files: InstanceFile[]) => InstanceFile[]): void {
    const { file } = this.services.config();
    if (file === undefined)
      throw new ReveilleError('USAGE', 'There is no configuration file to stand beside');
    try {
      loadConfig(file, change);
    } catch (error) {
      if (error instanceof ConfigError) throw new ReveilleError('USAGE', error.message, { cause: error });
      throw error;
    }
  }

  private async apply(): Promise<boolean> {
    const before = this.services.config();
    this.services.reload();
    const until = performance.now() + APPLY_MS;
    while (this.services.config() === before && performance.now() < until) await delay(LOOK_MS);
    return this.services.config() !== before;
  }
}

/** Whole or not at all, also where the machine fails: no part ever reads half a file. */
async function writeWhole(folder: string, file: string, text: string): Promise<void> {
  await mkdir(instanceFolder(folder), { recursive: true });
  const draft = `${file}.${process.pid}`;
  try {
    const handle = await open(draft, 'w', 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
