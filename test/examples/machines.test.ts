import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { freePorts, instancePort } from '../kit/ports.js';
import { fakeProgram, root } from '../kit/scripts.js';

/** Answers every connection, outlives those that a health probe resets, and ends on SIGTERM; its pid is in a file, as long as it lives. */
const machine = (port: number, place: string): string =>
  `node -e 'require("net").createServer((s) => s.on("error", () => {}).end("I am up")).listen(${port}, "127.0.0.1")' >/dev/null 2>&1 & echo $! > ${place}/pid`;

/** Ends what `machine` began, and waits for it: the port is free then. */
const turnOff = (place: string): string =>
  `pid=$(cat ${place}/pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.02; done; rm ${place}/pid`;

function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(text));
  });
}

/** Runs an example with stand-ins for its programs, and sees it wake, serve, sleep and wake again. */
async function live(
  example: string,
  change: (text: string, door: number, port: number) => string,
  programs: (place: string, port: number) => Record<string, string>,
): Promise<string[]> {
  const [door = 0] = await freePorts(1);
  const port = await instancePort();
  const text = readFileSync(join(root, 'examples', example, 'reveille.yaml'), 'utf8');
  const { resources } = parse(change(text, door, port));
  const [name = ''] = Object.keys(resources);
  let calls: string[] = [];
  const furnish = (place: string) => {
    for (const [program, script] of Object.entries(programs(place, port)))
      fakeProgram(join(place, 'bin'), program, `echo ${program} "$@" >> ${place}/calls\n${script}`);
    return { PATH: `${join(place, 'bin')}:${process.env.PATH}` };
  };
  await House.live({ resources, furnish }, async (house) => {
    for (const _ of ['first', 'second']) {
      assert.equal(await ask(door), 'I am up');
      assert.ok(existsSync(house.path('pid')));
      await house.resources.stop(name);
      const isAsleep = async () => (await house.resources.openRun(name)) === undefined;
      await eventually('it is asleep', isAsleep, 30_000);
      assert.ok(!existsSync(house.path('pid')));
    }
    calls = readFileSync(house.path('calls'), 'utf8').trim().split('\n');
  });
  return calls;
}

test('examples/wake-on-lan: woken by a magic packet, stopped over ssh (wakeonlan and ssh are stand-ins)', async () => {
  const calls = await live(
    'wake-on-lan',
    (text, door, port) =>
      text
        .replaceAll('192.0.2.10', '127.0.0.1')
        .replace('port: 22 ', `port: ${port} `)
        .replace('tcp: 2222', `tcp: ${door}`),
    (place, port) => ({
      wakeonlan: machine(port, place),
      ssh: `[ -e ${place}/pid ] || exit 255
case "$*" in *poweroff) ${turnOff(place)}; exit 255 ;; esac`,
    }),
  );
  assert.equal(calls.filter((call) => call === 'wakeonlan 52:54:00:12:34:56').length, 2);
  assert.equal(calls.filter((call) => call.endsWith('sudo poweroff')).length, 2);
});

test('examples/libvirt: a domain started and shut down by virsh (a stand-in)', async () => {
  const calls = await live(
    'libvirt',
    (text, door, port) =>
      text.replace('echo "$ip 22"', `echo "$ip ${port}"`).replace('tcp: 2223', `tcp: ${door}`),
    (place, port) => ({
      virsh: `case $1 in
domstate) if [ -e ${place}/pid ]; then echo running; else echo 'shut off'; fi ;;
start) ${machine(port, place)} ;;
domifaddr) printf ' Name MAC Protocol Address\\n vnet0 52:54 ipv4 127.0.0.1/24\\n' ;;
shutdown) ${turnOff(place)} ;;
esac`,
    }),
  );
  assert.deepEqual(
    calls.filter((call) => /^virsh (start|shutdown|destroy)/.test(call)),
    ['virsh start guest', 'virsh shutdown guest', 'virsh start guest', 'virsh shutdown guest'],
  );
});
