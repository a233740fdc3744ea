import { Worker } from 'node:worker_threads';
import type { FromThread, HashAlgorithm, HashTask, ToThread } from './hash-messages.js';

type Digested = ReadonlyMap<HashAlgorithm, string>;

/**
 * Hashes a file while it is written, in a thread that reads behind the writer. What was there before is hashed in the
 * same way, while more comes in; and what is hashed is what the file holds, not what was meant to be written.
 */
export class Follower {
  #thread: Worker;
  #onHashed: (bytes: number) => void = () => {};
  #digests: Promise<Digested>;

  /** @param file must exist. */
  constructor(file: string, algorithms: readonly HashAlgorithm[]) {
    const workerData: HashTask = { file, algorithms };
    this.#thread = new Worker(new URL('./hash-thread.js', import.meta.url), { workerData });
    this.#digests = new Promise((resolve, reject) => {
      this.#thread.on('message', ({ hashed, digests }: FromThread) => {
        this.#onHashed(hashed);
        if (digests !== undefined) resolve(new Map(digests));
      });
      this.#thread.on('error', reject);
      this.#thread.on('exit', () => reject(new Error(`the hashing of ${file} ended early`)));
    });
    // Whoever asks for the digests is told; nobody may ask.
    this.#digests.catch(() => {});
  }

  /** So many bytes of the file are written. */
  written(upTo: number): void {
    this.#say({ upTo, last: false });
  }

  /**
   * The digests of the whole file, in lower-case hexadecimal.
   * @param size all its bytes.
   * @param onHashed told now and then how many are hashed.
   * @throws where it is closed meanwhile, or the file is shorter.
   */
  async digests(size: number, onHashed: (bytes: number) => void): Promise<Digested> {
    this.#onHashed = onHashed;
    this.#say({ upTo: size, last: true });
    return await this.#digests;
  }

  /** Ends it, wherever it is. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #say(message: ToThread): void {
    this.#thread.postMessage(message);
  }
}
