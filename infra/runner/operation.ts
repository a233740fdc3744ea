/** What is written down of an operation before it begins, so that whoever comes after a crash knows its locks. */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { remove } from './files.js';
import type { Job } from './job.js';
import { bootId, startTime } from './processes.js';

/** One process of the engine: pid, when it started, in which run of the kernel, for which stack. */
interface Known {
  readonly pid: number;
  readonly start: number;
  readonly boot: string;
  readonly stack: string;
}

const fileOf = (folder: string) => join(folder, 'engines');

/**
 * Stands between the Automation API and the engine: writes the engine's identity down before it begins (exec keeps
 * both pid and start time). All comes from the environment, nothing is put into the text.
 */
const ENGINE = `#!/bin/sh
read -r stat < "/proc/$$/stat"
set -- "\${stat##*) }" "$@"
start=$(printf '%s\\n' "$1" | cut -d ' ' -f 20)
shift
printf '%s %s %s %s\\n' "$$" "$start" "$REVEILLE_PULUMI_BOOT" "$REVEILLE_PULUMI_STACK" >> "$REVEILLE_PULUMI_FOLDER/engines" || exit 74
exec "$REVEILLE_PULUMI_CLI" "$@"
`;

/** Pulumi's own is a script that looks for its module from the working folder, where there is none. */
const DYNAMIC = `#!/bin/sh
exec "$REVEILLE_NODE" "$REVEILLE_PULUMI_DYNAMIC" "$@"
`;

/** Puts the programs in place by which the Automation API starts things. @returns the folder above their `bin`. */
export function preparePrograms({ folder }: Job): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true, mode: 0o700 });
  for (const [name, text] of [
    ['pulumi', ENGINE],
    ['pulumi-resource-pulumi-nodejs', DYNAMIC],
  ] as const) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o700);
  }
  return folder;
}

/** What those programs are told. */
export function programEnvironment({ folder, cli, stack }: Job): Record<string, string> {
  return {
    REVEILLE_PULUMI_FOLDER: folder,
    REVEILLE_PULUMI_CLI: cli,
    REVEILLE_PULUMI_STACK: stack,
    REVEILLE_PULUMI_BOOT: bootId(),
    REVEILLE_NODE: process.execPath,
    REVEILLE_PULUMI_DYNAMIC: fileURLToPath(
      import.meta.resolve('@pulumi/pulumi/cmd/dynamic-provider/index.js'),
    ),
  };
}

/** Notes who works on the stack: this process. */
export function begin({ folder, stack }: Job): void {
  const line = `${process.pid} ${startTime(process.pid)} ${bootId()} ${stack}\n`;
  appendFileSync(fileOf(folder), line, { mode: 0o600 });
}

/** It came to its end, and its engine has let go of its lock. */
export const finish = ({ folder }: Job): void => remove(fileOf(folder));

function known(folder: string): Known[] {
  let text = '';
  try {
    text = readFileSync(fileOf(folder), 'utf8');
  } catch {
    // Nothing was begun.
  }
  return text.split('\n').flatMap((line) => {
    const [pid, start, boot = '', stack = ''] = line.split(' ');
    return stack === '' ? [] : [{ pid: Number(pid), start: Number(start), boot, stack }];
  });
}

/** Who holds a stack, as the engine tells it. */
export interface Holder {
  readonly host: string;
  readonly pid: number;
}

/** As the engine lists them: `…: created by USER@HOST (pid N) at TIME`. */
export const holdersIn = (message: string): Holder[] =>
  [...message.matchAll(/created by \S*@(\S+) \(pid (\d+)\)/g)].map(([, host = '', pid]) => ({
    host,
    pid: Number(pid),
  }));

/**
 * Whether all holders of the stack are engines that we started on this host for this very stack, and all of them have
 * ended. Where anybody else is among them, or nobody can be read, it is not ours to take away.
 */
export function areOursAndDead({ folder, stack }: Job, holders: readonly Holder[]): boolean {
  const ours = known(folder).filter((one) => one.stack === stack);
  return (
    holders.length > 0 &&
    holders.every(({ host, pid }) => {
      const one = ours.find((other) => other.pid === pid);
      if (host !== hostname() || one === undefined) return false;
      return one.boot !== bootId() || startTime(pid) !== one.start;
    })
  );
}
