import { Account, type DraftShare, nameOf } from './account.js';
import { freeBytes } from './disk.js';
import type { Keeper } from './keeper.js';
import type { StoredImage, Stray } from './records.js';

const DAY_MS = 24 * 3_600_000;

export interface CollectOptions {
  /** Images that were unused for longer go. Default: 30 days. */
  maxAgeMs?: number;
  /** Partial work that nobody goes on with for longer goes. Default: 1 day. */
  maxDraftAgeMs?: number;
  /** While the disk has less left, more goes, the longest unused first. Default: 5 GB. */
  keepFreeBytes?: number;
}

/** What was removed, and what could not be as a place would not let it go. By name. */
export interface Removal {
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

type Item = StoredImage | DraftShare | Stray;

export function collect(keeper: Keeper, options: CollectOptions, signal: AbortSignal): Promise<Removal> {
  const { maxAgeMs = 30 * DAY_MS, maxDraftAgeMs = DAY_MS, keepFreeBytes = 5e9 } = options;
  return removeWhile(keeper, signal, async (item) => {
    const age = Date.now() - item.lastUseMs;
    return (
      age > ('owned' in item ? maxDraftAgeMs : maxAgeMs) ||
      (await freeBytes(keeper.layout.directory)) < keepFreeBytes
    );
  });
}

export const removeAll = (keeper: Keeper, signal: AbortSignal): Promise<Removal> =>
  removeWhile(keeper, signal, async () => true);

/** Removes what nobody uses, the longest unused first, as far as `isToGo` says. */
async function removeWhile(
  keeper: Keeper,
  signal: AbortSignal,
  isToGo: (item: Item) => Promise<boolean>,
): Promise<Removal> {
  const removed: string[] = [];
  const kept: string[] = [];
  const seen = new Set<string>();
  for (;;) {
    signal.throwIfAborted();
    const next = await keeper.locked(async () => {
      const account = await Account.take(keeper.layout, keeper.records);
      const strays = keeper.records.strays().filter(({ key }) => !seen.has(key));
      for (const item of [...account.evictable(seen), ...strays]) {
        seen.add(item.key);
        const victim = (await isToGo(item)) ? await keeper.claim(item) : undefined;
        if (victim !== undefined) return { victim, name: nameOf(item) };
      }
      return undefined;
    });
    if (next === undefined) return { removed, kept };
    ((await keeper.evict(next.victim, signal)) ? removed : kept).push(next.name);
  }
}
