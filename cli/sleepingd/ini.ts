/** Reads sleepingd.conf: KEY=VALUE, above all sections or in one, with values in quotes as a shell has them. */

/** A value, and whether it stood in double quotes: there a shell replaces variables and `$(commands)`. */
export interface Value {
  readonly text: string;
  readonly expands: boolean;
}
export type Section = ReadonlyMap<string, Value>;

export interface Conf {
  readonly general: Section;
  readonly services: readonly { readonly name: string; readonly section: Section }[];
  /** Lines that say nothing that is known, in words. */
  readonly odd: readonly string[];
}

/** What a service or the general section may say. */
export const KEYS = [
  'ACTIVE',
  'PORT',
  'CHECK_CMD',
  'START_CMD',
  'STOP_CMD',
  'IDLE_CMD',
  'EXEC_CMD_TIMEOUT',
  'START_CMD_TIMEOUT',
  'STOP_CMD_TIMEOUT',
  'CHECK_CMD_TIMEOUT',
  'IDLE_CMD_TIMEOUT',
  'USER',
  'IDLE_TIME',
  'IDLE_CHECK_INTERVAL',
  'VARRUN_PATH',
] as const;
export type Key = (typeof KEYS)[number];

export function readConf(text: string): Conf {
  const general = new Map<string, Value>();
  const services: { name: string; section: Map<string, Value> }[] = [];
  const odd: string[] = [];
  let current = general;
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) return;
    const heading = /^\[(.+)\]$/.exec(line)?.[1]?.trim();
    if (heading !== undefined) {
      // A section that comes twice goes on where it was.
      const known = services.find(({ name }) => name === heading);
      current = known?.section ?? new Map<string, Value>();
      if (known === undefined) services.push({ name: heading, section: current });
      return;
    }
    const [, key = '', value = ''] = /^([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line) ?? [];
    if ((KEYS as readonly string[]).includes(key)) current.set(key, readValue(value));
    else
      odd.push(
        `line ${index + 1}: ${key === '' ? 'neither [section] nor KEY=VALUE' : `unknown parameter ${key}`}`,
      );
  });
  return { general, services, odd };
}

function readValue(text: string): Value {
  const quote = text[0];
  const isQuoted = text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote);
  return { text: isQuoted ? text.slice(1, -1) : text, expands: isQuoted && quote === '"' };
}
