import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
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

test(
  'SB3, SB4: a changed sleepingd.conf is read again at `reveille reload`; a wrong one is refused and the old one stays',
  needs('temporal'),
  async (t) => {
    const place = await site(t);
    const [first = 0, second = 0] = await freePorts(2);
    const conf = join(place.folder, 'sleepingd.conf');
    const service = (name: string, port: number, more = '') =>
      `[${name}]\nPORT=${port}\nSTART_CMD='echo 127.0.0.1 $(cat ${place.folder}/${name})'\n${more}`;
    for (const name of ['one', 'two']) {
      const server = createServer((socket) => socket.end(name)).listen(await instancePort(), '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      writeFileSync(join(place.folder, name), String((server.address() as AddressInfo).port));
    }
    writeFileSync(conf, service('one', first));
    const running = reveille(t, place, 'up', '--sleepingd', conf);
    await until(() => running.output().includes('started'));
    assert.deepEqual([await ask(first), await ask(second)], ['one', '']);
    const reload = () => reveille(t, place, 'reload', '--sleepingd', conf).ended;

    writeFileSync(conf, service('one', first) + service('two', second, 'IDLE_TIME=20\n'));
    assert.equal((await reload()).code, 0);
    await eventually('the added service answers', async () => (await ask(second)) === 'two');

    writeFileSync(
      conf,
      service('one', first, `VARRUN_PATH=${place.folder}/else\n`) + service('lab', place.proxy),
    );
    const refused = await reload();
    assert.deepEqual([refused.code, /lab|proxy.listen/.test(refused.stderr)], [1, true], refused.stderr);
    assert.deepEqual([await ask(first), await ask(second)], ['one', 'two']);

    writeFileSync(conf, service('two', second));
    running.child.kill('SIGHUP');
    await eventually('the service that was taken out is gone', async () => (await ask(first)) === '');
    assert.equal(await ask(second), 'two');
    running.child.kill('SIGTERM');
    assert.equal((await running.ended).code, 0);
  },
);
