import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { COMMAND, type HouseBase } from './house-base.js';
import { blocksOf, shellBlocks, stepsOf } from './walk.js';

export interface Following {
  /** In place of docs/runbook.md. */
  page?: string;
  /** What stands in the page for something that only who reads it knows, such as a pid. */
  filled?: Record<string, string>;
}

/** What the lines of a page have printed, both streams, and how they ended. */
export interface Followed {
  code: number | null;
  output: string;
}

/**
 * Does what docs/runbook.md says below a heading, beside the house's reveille.yaml and with its `app` as the page has
 * it. What is to run in a terminal of its own goes on until the house is gone.
 */
export async function follow(
  house: HouseBase,
  heading: string,
  { page = 'runbook.md', filled = {} }: Following = {},
): Promise<Followed> {
  const blocks = shellBlocks(blocksOf(page)).filter((block) => block.heading === heading);
  if (blocks.length === 0) throw new Error(`docs/${page} has no lines below ${heading}`);
  const script = Object.entries(filled).reduce(
    (all, [word, value]) => all.replaceAll(word, value),
    stepsOf(blocks).join('\n'),
  );
  // A file: as an argument it would be found by whoever looks for a command line.
  const file = house.path('followed.sh');
  writeFileSync(file, script);
  const programs = house.path('programs');
  mkdirSync(programs, { recursive: true });
  writeFileSync(
    house.path('programs/npx'),
    `#!/bin/sh\nshift\nexec '${process.execPath}' '${COMMAND}' "$@"\n`,
    {
      mode: 0o755,
    },
  );
  const env = { ...house.env, PATH: `${programs}:${process.env.PATH}` };
  const child = spawn('bash', [file], { cwd: house.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, output: stdout + stderr };
}

/** As `follow`, where the lines are to succeed. @returns what they have printed. */
export async function followed(...args: Parameters<typeof follow>): Promise<string> {
  const { code, output } = await follow(...args);
  if (code !== 0) throw new Error(`${args[1]}: the lines of the page ended with ${code}:\n${output}`);
  return output;
}
