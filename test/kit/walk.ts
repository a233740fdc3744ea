/** Runs the shell examples of a page of docs/ as they stand, with their ports, in a network of their own. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { engine, needs } from './engines.js';
import { root, start, tempFolder } from './scripts.js';

/** Above what goes on running while the examples after it are run. */
const OWN_TERMINAL = 'in a terminal of its own';
/** What the commands that go on running say when they serve. */
const SERVES = 'Reveille is up|is ready';

export interface Block {
  /** What the comment above it tells the test, if there is one. */
  note: string;
  language: string;
  text: string;
  /** The heading that it stands below, without its marks. */
  heading: string;
}

/** @param page below docs/ */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  const parts = /^#+ ([^\n]+)$|(?:^<!-- test: ([^\n]+) -->\n\n)?^```(\w+)\n(.*?)^```$/gms;
  let heading = '';
  return [...text.matchAll(parts)].flatMap(([, title, note = '', language = '', body = '']) => {
    if (title === undefined) return [{ note, language, text: body, heading }];
    heading = title;
    return [];
  });
}

/** Of these, the ones for a shell that tests run. */
export const shellBlocks = (blocks: Block[]): Block[] =>
  blocks.filter(({ language, note }) => language === 'sh' && !note.startsWith('skipped, '));

export interface WalkOptions {
  /** Folders of examples/ that the page uses. */
  examples?: readonly string[];
  /** The folder is also the home of whoever walks: for programs that look there whatever HOME says, such as ssh. */
  ownHome?: boolean;
  /** Puts more into the folder, or changes what is there. @returns what is added to the environment. */
  furnish?: (folder: string) => NodeJS.ProcessEnv;
}

const PROGRAMS = ['temporal', 'unshare', 'ip', 'curl'];

/** For tests that walk: skipped where one of these programs is absent. */
export const needsWalk = (...programs: string[]): { skip: string | false } =>
  [...PROGRAMS, ...programs].map(needs).find(({ skip }) => skip !== false) ?? { skip: false };

/**
 * @param page below docs/
 * @returns what the examples have printed.
 * @throws where one of them fails.
 */
export async function walk(context: TestContext, page: string, options: WalkOptions = {}): Promise<string> {
  const { examples = [], ownHome = false, furnish } = options;
  const folder = tempFolder(context);
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(root, 'bin/reveille.mjs'), join(folder, 'node_modules/.bin/reveille'));
  // A copy: what runs keeps its state beside its configuration.
  for (const example of examples)
    cpSync(join(root, 'examples', example), join(folder, 'examples', example), { recursive: true });
  const blocks = blocksOf(page);
  writeFiles(folder, [...blocksOf('first-steps.md'), ...blocks]);
  const more = furnish?.(folder);
  const apart = ['--user', '--map-root-user', '--net', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const running = start(
    context,
    engine('unshare'),
    [...apart, 'bash', '-c', scriptOf(shellBlocks(blocks), ownHome)],
    {
      cwd: folder,
      env: {
        ...process.env,
        REVEILLE_TEMPORAL: engine('temporal'),
        ...(ownHome ? { HOME: folder } : {}),
        ...more,
      },
    },
  );
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 0, `${stdout}${stderr}`);
  return stdout;
}

function writeFiles(folder: string, blocks: Block[]): void {
  for (const { note, text } of blocks) {
    const [, file] = /^file (\S+)$/.exec(note) ?? [];
    if (file === undefined) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

/** Shell examples as one script: a terminal of its own is one in the background. It ends at the first failure. */
export function stepsOf(blocks: Block[]): string[] {
  const steps = blocks.map(({ note, text }) =>
    note === OWN_TERMINAL
      ? `( ${text} ) > terminal.log 2>&1 &\nuntil grep -qE '${SERVES}' terminal.log; do sleep 0.1; kill -0 $! || { cat terminal.log; exit 1; }; done`
      : text,
  );
  return ['set -e', ...steps];
}

function scriptOf(blocks: Block[], ownHome: boolean): string {
  // The namespaces are gone with the script, and these mounts with them. What this machine says of ssh is left out.
  const home = [
    'echo "root:x:0:0:root:$PWD:/bin/sh" > passwd.walk',
    'mount --bind passwd.walk /etc/passwd',
    '[ ! -d /etc/ssh ] || mount -t tmpfs none /etc/ssh',
  ];
  const told = "trap '[ $? = 0 ] || cat terminal.log >&2' EXIT";
  const begin = ['set -e', told, 'touch terminal.log', 'ip link set lo up'];
  // The shell is the first process of its namespace: all that it began ends with it.
  return [...begin, ...(ownHome ? home : []), ...stepsOf(blocks)].join('\n');
}
