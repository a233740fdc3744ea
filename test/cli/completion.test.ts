import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { engine, needs } from '../kit/engines.js';
import { fakeProgram, root, start, tempFolder } from '../kit/scripts.js';

const TEXT = `resources:
  wiki: { provider: process, process: { command: [node] }, routes: [{ path: /wiki }] }
  wine: { provider: process, process: { command: [node] }, routes: [{ path: /wine }] }
  other: { provider: process, process: { command: [node] }, routes: [{ path: /other }] }
`;

/** A folder with a reveille.yaml, and a `reveille` on PATH. */
function place(context: TestContext) {
  const cwd = tempFolder(context);
  writeFileSync(join(cwd, 'reveille.yaml'), TEXT);
  fakeProgram(join(cwd, 'bin'), 'reveille', `exec '${process.execPath}' '${root}/bin/reveille.mjs' "$@"`);
  const env = { ...process.env, PATH: `${join(cwd, 'bin')}:${process.env.PATH}`, HOME: cwd };
  return { cwd, env };
}

type Place = ReturnType<typeof place>;

async function run(context: TestContext, program: string, args: string[], at: Place): Promise<string> {
  const { code, stdout, stderr } = await start(context, program, args, at).ended;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** What a real bash would put in place of the last word, having read the script. */
async function inBash(context: TestContext, at: Place, ...lines: string[][]): Promise<string[][]> {
  const asks = lines.map((words) => {
    const quoted = ['reveille', ...words].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _reveille reveille; echo "\${COMPREPLY[*]}"`;
  });
  const script = ['source <(reveille completion bash)', ...asks].join('\n');
  const stdout = await run(context, engine('bash'), ['--norc', '-c', script], at);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ').filter(Boolean));
}

test('bash completes commands, options, their choices and the names of resources', async (t) => {
  const [commands = [], options = [], choices, chosen, inner, names, shells] = await inBash(
    t,
    place(t),
    ['st'],
    ['stop', 'wiki', '--'],
    ['stop', '--then', ''],
    ['stop', '--then', '=', 's'],
    ['image', 'l'],
    ['stop', '--then', 'suspend', 'wi'],
    ['completion', ''],
  );
  assert.deepEqual(commands, ['status', 'stop']);
  for (const option of ['--all', '--then', '--force', '--no-wait', '--config', '--json', '--help'])
    assert.ok(options.includes(option), option);
  assert.deepEqual(choices, ['stop', 'suspend', 'delete']);
  assert.deepEqual(chosen, ['stop', 'suspend']);
  assert.deepEqual(inner, ['list']);
  assert.deepEqual(names, ['wiki', 'wine']);
  assert.deepEqual(shells, ['bash', 'zsh', 'fish']);
});

test('the names are those of the configuration that the line has, and none where it is wrong', async (t) => {
  const at = place(t);
  mkdirSync(join(at.cwd, 'else'));
  writeFileSync(join(at.cwd, 'else/r.yaml'), TEXT.replace('wiki:', 'wind:'));
  writeFileSync(join(at.cwd, 'broken.yaml'), 'resources: [');
  const found = await inBash(
    t,
    at,
    ['--config', 'else/r.yaml', 'wake', 'wi'],
    ['-c', '~/else/r.yaml', 'wake', 'wi'],
    ['--config', '=', 'else/r.yaml', 'wake', 'wi'],
    ['--config', 'broken.yaml', 'wake', 'wi'],
  );
  const expected = ['wind', 'wine'];
  assert.deepEqual(found, [expected, expected, expected, []]);
});

test('files, and commands of other programs, are left to the shell', async (t) => {
  const found = await inBash(
    t,
    place(t),
    ['--config', ''],
    ['run', '--', 'st'],
    ['wake', 'wiki', ''],
    ['up'],
  );
  assert.deepEqual(found, [[], [], [], ['up']]);
});

test('a real bash puts the name of a resource into the line at the tab key', needs('script'), async (t) => {
  const at = place(t);
  writeFileSync(join(at.cwd, 'rc'), 'source <(reveille completion bash)\n');
  const bash = `${engine('bash')} --rcfile rc -i`;
  const typed = start(t, 'script', ['--quiet', '--return', '--command', bash, '/dev/null'], at);
  typed.child.stdin?.end('reveille wake ot\t--no-w\t ; echo said: "$_"; exit 0\n');
  const { stdout } = await typed.ended;
  assert.match(stdout, /reveille wake other --no-wait/);
});

test('zsh describes what it completes', needs('zsh'), async (t) => {
  const at = place(t);
  // In place of zsh's completion system, which wants a terminal.
  const script = `
    compdef() { print "compdef $*" }
    _describe() { print -l -- "\${(@P)2}" }
    _files() { print files }
    source <(reveille completion zsh)
    words=(reveille stop --then=s); CURRENT=3; _reveille
    words=(reveille stop wi); CURRENT=3; _reveille
    words=(reveille une); CURRENT=2; _reveille
    words=(reveille unp); CURRENT=2; _reveille
    words=(reveille --config ''); CURRENT=3; _reveille`;
  const stdout = await run(t, engine('zsh'), ['-f', '-c', script], at);
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'compdef _reveille reveille',
    '--then=stop:',
    '--then=suspend:',
    'wiki:',
    'wine:',
    'files',
    'unpin:let a pinned resource fall asleep again',
    'files',
  ]);
});

test('fish completes names, descriptions and files', needs('fish'), async (t) => {
  const script = `
    reveille completion fish | source
    complete -C 'reveille wake wi'
    complete -C 'reveille unp'
    complete -C 'reveille --config rev'`;
  const stdout = await run(t, engine('fish'), ['--no-config', '-c', script], place(t));
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
    'reveille.yaml',
    'unpin\tlet a pinned resource fall asleep again',
    'wiki',
    'wine',
  ]);
});

test('a shell that is not known is a usage error that names those that are', async (t) => {
  const { code, stderr } = await start(t, process.execPath, [
    join(root, 'bin/reveille.mjs'),
    'completion',
    'tcsh',
  ]).ended;
  assert.equal(code, 2);
  assert.match(stderr, /bash, zsh, fish/);
});
