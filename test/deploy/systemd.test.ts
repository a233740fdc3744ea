import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { engine, needs } from '../kit/engines.js';
import { root } from '../kit/scripts.js';

const FOLDER = join(root, 'infra/deploy/systemd');
const units = readdirSync(FOLDER);
const textOf = (unit: string) => readFileSync(join(FOLDER, unit), 'utf8');

test('systemd finds nothing wrong with the units', needs('systemd-analyze'), () => {
  assert.deepEqual(units, [
    'reveille-control.service',
    'reveille-proxy.service',
    'reveille-worker.service',
    'reveille.service',
  ]);
  for (const unit of units) {
    const said = execFileSync(engine('systemd-analyze'), ['verify', '--man=no', join(FOLDER, unit)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.equal(said, '', unit);
  }
});

test('each unit runs a command of reveille, comes back by itself and reloads by SIGHUP', () => {
  for (const unit of units) {
    const text = textOf(unit);
    const command = /^reveille-?(\w*)\.service$/.exec(unit)?.[1] || 'up';
    assert.match(text, new RegExp(`^ExecStart=.*/bin/reveille\\.mjs ${command} --config `, 'm'));
    assert.match(text, /^Restart=always$/m);
    assert.match(text, /^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
    assert.match(text, /^User=reveille$/m);
  }
});

test('the end of a unit leaves alone the instances that were started in its group', () => {
  const packaged = readFileSync(join(root, 'packaging/files/reveille.service'), 'utf8');
  for (const text of [textOf('reveille-worker.service'), textOf('reveille.service'), packaged])
    assert.match(text, /^KillMode=process$/m);
});
