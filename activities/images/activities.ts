import { verify } from '../../config/index.js';
import { type ImageInput, type ImageProgress, proofText } from '../../workflows/messages.js';
import type { LifecycleActivities } from '../contract.js';
import { doChore } from './chores.js';
import type { HostImages } from './host-images.js';
import type { WorkContext } from './stored.js';

/** First pause between two tellings; later ones take so large a share of the time so far: histories hold each. */
const TELL_MS = 1000;
const TELL_SHARE = 1 / 20;

export interface ImageServices {
  readonly images: HostImages;
  readonly secret: string;
  /** Tells the workflow of an image how far it is. */
  tell(input: ImageInput, progress: ImageProgress): Promise<void>;
}

/** How activities are run: with heartbeats, cancellation and the catalogue's words. */
export type Attempt = <T>(
  retry: 'final' | 'retried',
  run: (context: { signal: AbortSignal; heartbeat(said?: string): void }) => Promise<T>,
) => Promise<T>;

/** The activities of images' workflows. */
export function createImageActivities(
  { images, secret, tell }: ImageServices,
  attempt: Attempt,
): Pick<LifecycleActivities, 'makeImage' | 'doImageChore'> {
  return {
    makeImage: (input) =>
      attempt('final', async ({ signal, heartbeat }) => {
        const telling = new Telling((progress) => tell(input, progress));
        const context: WorkContext = {
          signal,
          progress: (progress) => {
            heartbeat(inWords(progress));
            telling.note(progress);
          },
        };
        try {
          return await images.make(input, context, isTrusted(input, secret));
        } finally {
          await telling.end();
        }
      }),
    doImageChore: ({ chore, place }) =>
      attempt('final', async ({ signal }) => {
        const store = await images.store();
        return await doChore(
          store,
          chore,
          { config: images.config, place, torrents: images.torrents },
          signal,
        );
      }),
  };
}

const isTrusted = ({ key, place, added }: ImageInput, secret: string): boolean =>
  verify(secret, proofText(key, place), added?.proof);

const inWords = ({ step, bytes, total }: ImageProgress): string =>
  `${step} ${bytes}${total === undefined ? '' : ` of ${total}`} bytes`;

/** Tells how far something is, often at first and then ever more rarely. */
class Telling {
  private readonly began = Date.now();
  private toldAt = 0;
  private told: ImageProgress | undefined;
  private latest: ImageProgress | undefined;
  private last = Promise.resolve();
  private isTelling = false;
  private readonly timer = setInterval(() => this.look(), TELL_MS);

  constructor(private readonly tell: (progress: ImageProgress) => Promise<void>) {}

  note(progress: ImageProgress): void {
    this.latest = progress;
    if (progress.step !== this.told?.step) this.look();
  }

  /** Resolves when nothing is on its way any more. */
  end(): Promise<void> {
    clearInterval(this.timer);
    return this.last;
  }

  private look(): void {
    const { latest, told } = this;
    const now = Date.now();
    const pause = Math.max(TELL_MS, (now - this.began) * TELL_SHARE);
    const isDue = latest?.step !== told?.step || now - this.toldAt >= pause;
    if (latest === undefined || latest === told || this.isTelling || !isDue) return;
    this.toldAt = now;
    this.told = latest;
    this.isTelling = true;
    // Whoever is not told now is told the next time.
    this.last = this.tell(latest)
      .catch(() => {})
      .finally(() => {
        this.isTelling = false;
      });
  }
}
