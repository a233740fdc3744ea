import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { convert } from '../../cli/sleepingd/convert.js';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { freePorts, instancePort } from '../kit/ports.js';
import { throughout } from '../kit/throughout.js';

/** Sends a line, and reads until the end. @returns undefined where the connection was reset. */
function ask(
  port: number,
  line = 'GET / HTTP/1.0\r\n\r\n',
): Promise<{ text: string; from: number } | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const from = () => socket.localPort ?? 0;
    let text = '';
    let port_ = 0;
    socket.on('connect', () => {
      port_ = from();
      socket.write(line);
    });
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(undefined));
    socket.on('end', () => resolve({ text, from: port_ }));
  });
}

/** A house with the services of a sleepingd.conf. PLACE stands for its folder in the commands. */
async function live(conf: string, body: (house: House) => Promise<void>): Promise<void> {
  const { resources, skipped } = convert(conf);
  assert.deepEqual(skipped, []);
  const plan = {
    resources: resources as Record<string, Record<string, unknown>>,
    furnish: (PLACE: string) => ({ PLACE }),
  };
  await House.live(plan, body);
}

const lines = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];

test(
  'SB17: the one-line netcat server of the documents answers by its door, and then is gone',
  needs('nc'),
  async () => {
    const [door = 0] = await freePorts(1);
    const port = await instancePort();
    // As in the documents, but for the ports.
    const conf = `[Simple web server for testing purposes]
ACTIVE=yes
PORT=${door}
START_CMD="( echo -e 'Response from ${port}: $(date)' | nc -l -p ${port} -w 1 > /dev/null 2> /dev/null & ) ; echo '127.0.0.1 ${port}'"
`;
    await live(conf, async () => {
      for (const _ of [1, 2]) {
        const answer = await ask(door);
        assert.match(answer?.text ?? '', new RegExp(`^Response from ${port}: \\w.*\\d\\d:\\d\\d:\\d\\d`));
      }
      assert.equal(await ask(port), undefined);
    });
  },
);

test('SB10, SB11: without CHECK_CMD, START_CMD runs for each connection, sees who connects and says its target', async () => {
  const [door = 0] = await freePorts(1);
  const conf = `[echo]
PORT=${door}
START_CMD='node "$PLACE/once.cjs" "$SOCAT_PEERADDR $SOCAT_PEERPORT $SOCAT_SOCKADDR $SOCAT_SOCKPORT $REVEILLE_RESOURCE"'
`;
  await live(conf, async (house) => {
    writeFileSync(house.path('once.cjs'), ONCE);
    const answers = await Promise.all([ask(door), ask(door), ask(door)]);
    for (const answer of answers)
      assert.equal(answer?.text, `127.0.0.1 ${answer?.from} 127.0.0.1 ${door} echo`);
  });
});

/** A server in the background that takes one connection, says its argument and ends; its target is printed first. */
const ONCE = `
const { spawn } = require('node:child_process');
if (process.argv[3] === undefined) {
  const child = spawn(process.execPath, [__filename, process.argv[2], 'serve'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.once('data', (port) => { console.log('127.0.0.1 ' + String(port).trim()); process.exit(0); });
} else {
  const server = require('node:net').createServer((socket) => { socket.end(process.argv[2]); server.close(); });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}
`;

test('SB10, SBF5, SBF7: START_CMD runs for one connection after the other; with CHECK_CMD, ten of them run it once', async () => {
  const [door = 0, checked = 0] = await freePorts(2);
  const port = await instancePort();
  const start = (name: string) =>
    `'echo begin >> "$PLACE/${name}"; sleep 0.1; echo end >> "$PLACE/${name}"; node "$PLACE/${name}.cjs" it'`;
  const conf = `[each]
PORT=${door}
START_CMD=${start('each')}
[once]
PORT=${checked}
CHECK_CMD='[ -e "$PLACE/runs" ]'
START_CMD='touch "$PLACE/runs"; echo start >> "$PLACE/once"; node "$PLACE/keep.cjs" ${port} > /dev/null & echo 127.0.0.1 ${port}'
STOP_CMD='rm "$PLACE/runs"; echo stop >> "$PLACE/once"; kill $(cat "$PLACE/pid")'
`;
  await live(conf, async (house) => {
    writeFileSync(house.path('each.cjs'), ONCE);
    writeFileSync(house.path('keep.cjs'), KEEP);
    const five = await Promise.all(Array.from({ length: 5 }, () => ask(door)));
    assert.deepEqual(
      five.map((answer) => answer?.text),
      Array(5).fill('it'),
    );
    assert.deepEqual(lines(house.path('each')), Array(5).fill(['begin', 'end']).flat());
    const ten = await Promise.all(Array.from({ length: 10 }, () => ask(checked)));
    assert.deepEqual(
      ten.map((answer) => answer?.text),
      Array(10).fill('kept'),
    );
    assert.deepEqual(lines(house.path('once')), ['start']);
    await house.resources.stop('once');
    await eventually('it is asleep', async () => (await house.resources.openRun('once')) === undefined);
    assert.deepEqual(lines(house.path('once')), ['start', 'stop'], 'SBF7: STOP_CMD runs once');
  });
});

const KEEP = `
require('node:fs').writeFileSync(process.env.PLACE + '/pid', String(process.pid));
require('node:net').createServer((socket) => socket.end('kept')).listen(Number(process.argv[2]), '127.0.0.1');
`;

test('SBF1, SBF4: where CHECK_CMD says that it runs, the connection is served as soon as the server accepts it', async () => {
  const [door = 0] = await freePorts(1);
  const port = await instancePort();
  const conf = `[late]
PORT=${door}
CHECK_CMD=true
START_CMD='(while [ ! -e "$PLACE/go" ]; do sleep 0.05; done; node "$PLACE/keep.cjs" ${port}) > /dev/null & echo 127.0.0.1 ${port}'
STOP_CMD='kill $(cat "$PLACE/pid")'
`;
  await live(conf, async (house) => {
    writeFileSync(house.path('keep.cjs'), KEEP);
    const asked = ask(door);
    await eventually('it is ready', async () => (await house.resources.ready('late'))?.ready);
    writeFileSync(house.path('go'), '');
    assert.equal((await asked)?.text, 'kept');
    // The instance runs, and its lease has been given back: CHECK_CMD alone decides.
    assert.equal((await ask(door))?.text, 'kept');
    await house.resources.stop('late');
    await eventually('it is asleep', async () => (await house.resources.openRun('late')) === undefined);
  });
});

test('SB12, SBF3, SBF8: a START_CMD that fails closes the connection; its exit code and output are kept', async () => {
  const [failing = 0, silent = 0] = await freePorts(2);
  const conf = `[failing]
PORT=${failing}
START_CMD='echo "the disk is on fire" >&2; exit 7'
[silent]
PORT=${silent}
START_CMD=true
`;
  await live(conf, async (house) => {
    assert.equal(await ask(failing), undefined);
    const log = await eventually('the log is there', () =>
      lines(house.path('.reveille/command/failing/log')),
    );
    assert.match(log.join('\n'), /the disk is on fire\n--- connect: exit code 7 ---/);
    const state = await house.resources.ready('failing');
    const [answer] = Object.values(state?.connections ?? {});
    assert.deepEqual(
      [answer?.refused?.code, answer?.refused?.message],
      ['BOOT_FAILED', 'the command for start ended with exit code 7'],
    );
    assert.match(answer?.refused?.log ?? '', /the disk is on fire/);
    assert.equal(await ask(silent), undefined);
    const [nothing] = Object.values((await house.resources.ready('silent'))?.connections ?? {});
    assert.match(nothing?.refused?.message ?? '', /printed nothing and not IP PORT as its first line/);
  });
});

test('SB13, SBF6: without connections for IDLE_TIME it is stopped, once IDLE_CMD says so; not while one is open', async () => {
  const [door = 0] = await freePorts(1);
  const conf = `[dozing]
PORT=${door}
START_CMD='node "$PLACE/hold.cjs" it'
STOP_CMD='echo stop >> "$PLACE/stops"'
IDLE_CMD='echo asked >> "$PLACE/asked"; [ -e "$PLACE/idle" ]'
IDLE_TIME=1
IDLE_CHECK_INTERVAL=1
`;
  await live(conf, async (house) => {
    writeFileSync(
      house.path('hold.cjs'),
      ONCE.replace('socket.end(process.argv[2])', 'socket.write(process.argv[2])'),
    );
    const socket = connect(door, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((resolve) => socket.once('data', resolve));
    await throughout(2500, () => {
      assert.deepEqual([lines(house.path('asked')), lines(house.path('stops'))], [[], []]);
    });
    socket.destroy();
    await eventually('IDLE_CMD is asked again and again', () => lines(house.path('asked')).length >= 2);
    assert.deepEqual(lines(house.path('stops')), []);
    writeFileSync(house.path('idle'), '');
    await eventually('it is asleep', async () => (await house.resources.openRun('dozing')) === undefined);
    assert.deepEqual(lines(house.path('stops')), ['stop']);
  });
});
