/** A longer line is cut: secrets are hidden in whole lines, so a whole line is what must be kept. */
const MAX_LINE_BYTES = 64 * 1024;
/** A secret of up to this many characters is never shown in part by the end of a cut line. */
const CUT_MARGIN = 4096;
const CUT_MARK = ' … (cut)';
const NEWLINE = 0x0a;
/** A log must not steer the terminal that shows it: no control characters but the tab. */
const CONTROLS = /[^\P{Cc}\t]/gu;

/** Makes masked, printable lines of the bytes of a log. Bounded, whatever comes in. */
export class LogLines {
  #pending: Buffer = Buffer.alloc(0);
  /** Inside a line whose beginning is unknown or was cut. */
  #skipping: boolean;

  /**
   * @param mask hides secrets in a whole line.
   * @param midLine the first bytes may be the end of a line: they are left out up to its newline.
   */
  constructor(
    private readonly mask: (line: string) => string,
    midLine: boolean,
  ) {
    this.#skipping = midLine;
  }

  /** @returns the lines that these bytes end. */
  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, start)) {
      const line = this.#take(bytes.subarray(start, at));
      if (!this.#skipping) lines.push(this.#show(line));
      this.#skipping = false;
      start = at + 1;
    }
    if (this.#skipping) return lines;
    this.#pending = this.#take(bytes.subarray(start));
    if (this.#pending.length > MAX_LINE_BYTES) {
      lines.push(...this.flush());
      this.#skipping = true;
    }
    return lines;
  }

  /** @returns the line that no newline has ended yet, if there is one. */
  flush(): string[] {
    const line = this.#take(Buffer.alloc(0));
    return line.length === 0 ? [] : [this.#show(line)];
  }

  #take(more: Buffer): Buffer {
    const line = this.#pending.length === 0 ? Buffer.from(more) : Buffer.concat([this.#pending, more]);
    this.#pending = Buffer.alloc(0);
    return line;
  }

  #show(line: Buffer): string {
    const cut = line.length > MAX_LINE_BYTES;
    const text = this.mask(line.subarray(0, MAX_LINE_BYTES).toString('utf8')).replace(CONTROLS, '');
    return cut ? text.slice(0, Math.max(0, text.length - CUT_MARGIN)) + CUT_MARK : text;
  }
}
