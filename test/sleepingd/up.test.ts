import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { needs } from '../kit/engines.js';
import { freePorts, instancePort } from '../kit/ports.js';
import { reveille } from '../kit/reveille.js';
import { until } from '../kit/scripts.js';
import { site } from '../kit/up.js';

function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(text));
  });
}

test(
  'SB1, SBF2: up --sleepingd runs a sleepingd.conf as it is, with other settings from a file; STOP_CMD runs when it ends',
  needs('temporal'),
  async (t) => {
    const place = await site(t);
    const [door = 0] = await freePorts(1);
    const port = await instancePort();
    const conf = join(place.folder, 'sleepingd.conf');
    writeFileSync(
      conf,
      `[Two words]
PORT=${door}
CHECK_CMD='[ -e ${place.folder}/pid ]'
START_CMD='node ${place.folder}/server.cjs > /dev/null 2>&1 & echo $! > ${place.folder}/pid; echo 127.0.0.1 ${port}'
STOP_CMD='kill $(cat ${place.folder}/pid); rm ${place.folder}/pid; echo stopped >> ${place.folder}/stops'
[nowhere]
PORT=none
`,
    );
    const server = `require('node:net').createServer((s) => s.end('awake')).listen(${port}, '127.0.0.1')`;
    writeFileSync(join(place.folder, 'server.cjs'), server);
    const running = reveille(t, place, 'up', '--sleepingd', conf);
    await until(() => running.output().includes('started'));
    assert.match(running.output(), /^skipped \[nowhere\]: PORT is none, which is no port$/m);
    assert.match(running.output(), new RegExp(`^Two words \\(port ${door}\\) started$`, 'm'));
    assert.ok(!existsSync(join(place.folder, 'pid')), 'nothing runs before somebody comes');
    assert.equal(await ask(door), 'awake');
    running.child.kill('SIGTERM');
    assert.equal((await running.ended).code, 0);
    assert.equal(readFileSync(join(place.folder, 'stops'), 'utf8'), 'stopped\n');
    assert.equal(await ask(door), '');
  },
);
