import { cleanText, lastBytes } from '../../log-text.js';
import type { Accounts, Named } from './accounts.js';
import type { Machine } from './machine.js';

const LAST_WORDS_BYTES = 4096;

/**
 * The end of what an instance has written to its console, masked and fit to be shown.
 * @throws Refusal, ReveilleError.
 */
export async function consoleTail(
  accounts: Accounts,
  named: Named,
  { id }: Machine,
  bytes: number,
): Promise<string> {
  const { cloud } = await accounts.of(named);
  const text = await cloud.console(id);
  return lastBytes(cleanText(accounts.masker(named.definition)(text)), bytes);
}

/** For an end that is told anyhow: what cannot be had is left out. */
export async function lastWords(accounts: Accounts, named: Named, machine: Machine): Promise<string> {
  return await consoleTail(accounts, named, machine, LAST_WORDS_BYTES).catch(() => '');
}
