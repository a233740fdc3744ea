import type { ImageContext, ImageProgress } from '../../contract.js';

interface Share {
  reserved: number;
  progress: ImageProgress;
}

/** Several pieces of work under one context: their room and their progress add up. */
export class Shares {
  #shares: Share[] = [];

  constructor(private readonly outer: ImageContext) {}

  /** The context of one piece. */
  context(signal: AbortSignal): ImageContext {
    const share: Share = { reserved: 0, progress: { step: 'waiting', bytes: 0 } };
    this.#shares.push(share);
    return {
      signal,
      reserve: async (bytes) => {
        share.reserved = Math.max(share.reserved, bytes);
        await this.outer.reserve(this.#shares.reduce((sum, { reserved }) => sum + reserved, 0));
      },
      progress: (progress) => {
        share.progress = progress;
        this.outer.progress(this.#sum());
      },
    };
  }

  #sum(): ImageProgress {
    const all = this.#shares.map(({ progress }) => progress);
    const bytes = all.reduce((sum, progress) => sum + progress.bytes, 0);
    const step = all.every((progress) => progress.step === 'checking') ? 'checking' : 'fetching';
    let total = 0;
    for (const progress of all) {
      if (progress.total === undefined) return { step, bytes };
      total += progress.total;
    }
    return { step, bytes, total };
  }
}
