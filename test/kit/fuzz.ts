/** Seeded mutations of text, for runs that are the same each time. */

export type RandomBelow = (below: number) => number;

/** The same numbers for the same seed (mulberry32). */
export function randomNumbers(seed: number): RandomBelow {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Puts in, takes out and replaces a few pieces. @param bits what parsers of this kind of text stumble over. */
export function mutated(text: string, bits: readonly string[], random: RandomBelow): string {
  let result = text;
  for (let i = random(4) * random(2); i >= 0; i--) {
    const at = random(result.length + 1);
    const cut = random(3) === 0 ? random(6) : 0;
    const bit = random(3) === 0 ? String.fromCharCode(random(256)) : (bits[random(bits.length)] ?? '');
    result = result.slice(0, at) + (random(5) === 0 ? '' : bit) + result.slice(at + cut);
  }
  return result;
}

/** Cuts text into pieces of any size. */
export function pieces(text: string, random: RandomBelow): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const size = 1 + random(1 + random(text.length));
    all.push(Buffer.from(text.slice(at, at + size), 'latin1'));
    at += size;
  }
  return all;
}
