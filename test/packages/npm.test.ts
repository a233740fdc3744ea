// The npm package as it is published: packed, installed globally into an empty prefix, used.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { engine, needs } from '../kit/engines.js';
import { root, start, tempFolder } from '../kit/scripts.js';
import { processesOf, site, untilUp } from '../kit/up.js';

function npm(...args: string[]): string {
  const options = { encoding: 'utf8', cwd: root, maxBuffer: 64 * 1024 * 1024 } as const;
  const { status, stdout, stderr } = spawnSync('npm', args, options);
  assert.equal(status, 0, `npm ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

test(
  'the tarball, installed globally into an empty prefix, wakes an application',
  needs('temporal'),
  async (t) => {
    const folder = tempFolder(t);
    const [packed] = JSON.parse(npm('pack', '--json', '--pack-destination', folder)) as {
      filename: string;
    }[];
    const prefix = join(folder, 'prefix');
    npm('install', '--global', '--prefer-offline', '--prefix', prefix, join(folder, packed?.filename ?? ''));
    const command = join(prefix, 'bin/reveille');
    assert.ok(!existsSync(join(prefix, 'lib/node_modules/reveille/dist/test')));

    const place = await site(t);
    const code = "require('http').createServer((q, r) => r.end('awake')).listen(process.env.PORT)";
    appendFileSync(
      place.file,
      `resources:
  app:
    provider: process
    process: { command: [node, -e, ${JSON.stringify(code)}] }
    routes: [{ path: / }]
`,
    );
    const env = { ...process.env, REVEILLE_TEMPORAL: engine('temporal'), REVEILLE_TEST_SITE: place.folder };
    const run = (...args: string[]) => start(t, command, [...args, '--config', place.file], { env });
    assert.match((await run('check').ended).stdout, /./);
    const up = run('up');
    t.after(() => eventually('all that it started is gone', () => processesOf(place).length === 0));
    await untilUp(up);
    assert.equal(await (await fetch(`http://127.0.0.1:${place.proxy}/`)).text(), 'awake');
    assert.equal((await run('stop', 'app').ended).code, 0);
    up.child.kill('SIGTERM');
    assert.equal((await up.ended).code, 0);
  },
);
