import { sizeInWords } from '../control/words.js';
import type { ImageProgress } from '../workflows/messages.js';
import { plain } from './client-format.js';

const BAR = 30;
/** Elsewhere than on a terminal, a line is written when so much more of it is there. */
const STEP_PERCENT = 10;

/** How far an image is: a bar that moves on a terminal, a line now and then elsewhere. */
export class ImageProgressLine {
  private said = '';
  private isDrawn = false;

  /** @param out undefined: nothing is shown. */
  constructor(
    private readonly name: string,
    private readonly out: (NodeJS.WritableStream & { isTTY?: boolean }) | undefined,
  ) {}

  show(progress: ImageProgress): void {
    const { step, bytes, total } = progress;
    const share = total === undefined || total === 0 ? undefined : Math.min(1, bytes / total);
    if (this.out?.isTTY) {
      this.isDrawn = true;
      this.out.write(`\r\x1b[K${this.text(progress, share)}`);
      return;
    }
    const percent = share === undefined ? undefined : Math.floor((share * 100) / STEP_PERCENT) * STEP_PERCENT;
    const mark = `${step} ${percent ?? sizeInWords(bytes)}`;
    if (mark === this.said) return;
    this.said = mark;
    const how = percent === undefined ? sizeInWords(bytes) : `${percent}% of ${sizeInWords(total ?? 0)}`;
    this.out?.write(`${plain(this.name)}: ${step} ${how}\n`);
  }

  /** Leaves the terminal as it was. */
  end(): void {
    if (this.isDrawn) this.out?.write('\r\x1b[K');
  }

  private text({ step, bytes, total }: ImageProgress, share: number | undefined): string {
    const of = total === undefined ? '' : ` of ${sizeInWords(total)}`;
    const filled = Math.round((share ?? 0) * BAR);
    const bar = share === undefined ? '' : ` [${'#'.repeat(filled)}${' '.repeat(BAR - filled)}]`;
    return `${plain(this.name)}: ${step}${bar} ${sizeInWords(bytes)}${of}`;
  }
}
