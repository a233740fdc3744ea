import { setTimeout as delay } from 'node:timers/promises';
import { type Config, definitionOf } from '../../config/index.js';

/** What of Temporal's client (temporal/) the end of `up` needs. */
export interface AwakeResources {
  /** Names of all that is awake. */
  list(): Promise<string[]>;
  stop(name: string, args: { reason: string }): Promise<boolean>;
  untilAsleep(name: string, signal: AbortSignal): Promise<void>;
}

/**
 * Stops everything that is awake and waits until it sleeps, saying so. Never throws: what goes wrong is told,
 * and the end goes on.
 * @param signal aborted when it has taken too long, or by a second Ctrl-C
 * @returns the names of what is left awake, or undefined where nobody could be asked
 */
export async function stopAwake(
  config: Config,
  client: AwakeResources,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const names = await Promise.race([ours(config, client).catch(() => undefined), aborted]);
  if (names === undefined) return undefined;
  const awake = new Set(names);
  const stops = names.map(async (name) => {
    try {
      say(`stopping ${name} …`);
      await stopUntilAsleep(name, client, signal);
      if (signal.aborted) return;
      awake.delete(name);
      say(`${name} is asleep`);
    } catch (error) {
      if (!signal.aborted)
        say(`${name} could not be stopped: ${error instanceof Error ? error.message : error}`);
    }
  });
  await Promise.race([Promise.all(stops), aborted]);
  return [...awake];
}

/** A stop of which the answer is lost is sent again: it changes nothing then. */
async function stopUntilAsleep(name: string, client: AwakeResources, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await client.stop(name, { reason: '`reveille up` ends' });
      return await client.untilAsleep(name, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      await delay(200);
    }
  }
}

/** With a cluster of others, resources may be awake that are none of this configuration's. */
async function ours(config: Config, client: AwakeResources): Promise<string[]> {
  const names = await client.list();
  return 'address' in config.temporal
    ? names.filter((name) => definitionOf(config, name) !== undefined)
    : names;
}
