import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { engine, needs } from '../kit/engines.js';
import { root, start, tempFolder } from '../kit/scripts.js';

interface Block {
  /** What the comment above it tells the test, if there is one. */
  note: string;
  language: string;
  text: string;
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  return [...text.matchAll(/(?:<!-- test: ([^\n]+) -->\n\n)?^```(\w+)\n(.*?)^```$/gms)].map(
    ([, note = '', language = '', body = '']) => ({ note, language, text: body }),
  );
}

/** The page's shell examples as one script: a terminal of its own is one in the background. */
function scriptOf(blocks: Block[]): string {
  const steps = blocks.map(({ note, text }) =>
    note === 'in a terminal of its own'
      ? `( ${text} ) > terminal.log 2>&1 &\nuntil grep -q 'Reveille is up' terminal.log; do sleep 0.1; kill -0 $! || { cat terminal.log; exit 1; }; done`
      : text,
  );
  // The shell is the first process of its namespace: all that it began ends with it.
  return ['set -e', 'ip link set lo up', ...steps].join('\n');
}

/** Runs the examples as they stand, with their ports, in a network of their own. */
async function walk(context: Parameters<typeof start>[0], page: string, before = ''): Promise<string> {
  const folder = tempFolder(context);
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  symlinkSync(join(root, 'bin/reveille.mjs'), join(folder, 'node_modules/.bin/reveille'));
  // A copy: what runs keeps its state beside its configuration.
  for (const example of ['previews', 'notebooks'])
    cpSync(join(root, 'examples', example), join(folder, 'examples', example), { recursive: true });
  const blocks = blocksOf(page);
  for (const { note, text } of [...blocksOf('first-steps.md'), ...blocks]) {
    const [, file] = /^file (\S+)$/.exec(note) ?? [];
    if (file === undefined) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const shown = blocks.filter(({ language, note }) => language === 'sh' && !note.startsWith('skipped, '));
  const apart = ['--user', '--map-root-user', '--net', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const script =
    before === '' ? shown : [{ note: 'in a terminal of its own', language: 'sh', text: before }, ...shown];
  const running = start(context, engine('unshare'), [...apart, 'bash', '-c', scriptOf(script)], {
    cwd: folder,
    env: { ...process.env, REVEILLE_TEMPORAL: engine('temporal') },
  });
  const { code, stdout, stderr } = await running.ended;
  assert.equal(code, 0, `${stdout}${stderr}`);
  return stdout;
}

const programs = ['temporal', 'unshare', 'ip', 'curl'];
const absent = programs.map(needs).find(({ skip }) => skip !== false) ?? { skip: false };

test(
  'the commands of the first page, run as they stand, wake an application, put it to sleep and wake it again',
  absent,
  async (context) => {
    const output = await walk(context, 'first-steps.md');
    assert.match(
      output,
      /asleep[\s\S]*Server-Timing: [\s\S]*I am awake[\s\S]*app is asleep[\s\S]*phase +asleep[\s\S]*I am awake/i,
    );
  },
);

test('the commands of the runbook run as they stand', absent, async (context) => {
  const output = await walk(context, 'runbook.md', 'cp app.yaml reveille.yaml; npx reveille up');
  assert.match(output, /app is asleep[\s\S]*app is ready/);
});

test(
  'the commands of the guide to previews run as they stand, and wake one for each number',
  absent,
  async (context) => {
    const output = await walk(context, 'guides/previews.md');
    assert.match(output, /\b42\b[\s\S]*\b43\b[\s\S]*NAME +PHASE[\s\S]*42 +ready[\s\S]*43 +ready/);
  },
);

test(
  'the commands of the guide to notebooks run as they stand, and wake one for each user',
  absent,
  async (context) => {
    const output = await walk(context, 'guides/notebooks.md');
    assert.match(output, /\bann\b[\s\S]*\bbob\b[\s\S]*NAME +PHASE[\s\S]*ann\S* +ready[\s\S]*bob\S* +ready/);
  },
);

test('of the first page one example is not run, and says why', () => {
  const skipped = blocksOf('first-steps.md').filter(({ note }) => note.startsWith('skipped, '));
  assert.deepEqual(
    skipped.map(({ text }) => text),
    ['npm start\n'],
  );
});
