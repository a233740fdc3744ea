/** Says on standard error what set-up does, and how far it is where that takes long. */

const PLAIN_EVERY_MS = 15_000;
const MOVING_EVERY_MS = 1000;

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Announces a step and keeps saying how long it has run: a moving line on a terminal, else a line every 15 s.
 * @param {string} title what is being done, and about how long it takes
 * @param {() => string} [detail] how far it is, in a few words
 * @returns {(outcome?: string) => void} call once when the step is over; without outcome nothing is said
 */
export function announce(title, detail = () => '') {
  const began = Date.now();
  const moving = process.stderr.isTTY === true;
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;
  const words = () => [seconds(), detail()].filter(Boolean).join(', ');
  say(`reveille: ${title} …`);
  const tick = () => {
    if (!moving) return say(`reveille: … ${words()}`);
    const width = (process.stderr.columns ?? 80) - 1;
    process.stderr.write(`\r\x1b[2K${`  … ${words()}`.slice(0, width)}`);
  };
  const timer = setInterval(tick, moving ? MOVING_EVERY_MS : PLAIN_EVERY_MS);
  return (outcome) => {
    clearInterval(timer);
    if (moving) process.stderr.write('\r\x1b[2K');
    if (outcome !== undefined) say(`reveille: ${outcome} (${seconds()})`);
  };
}
