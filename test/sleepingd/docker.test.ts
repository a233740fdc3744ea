import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { convert } from '../../cli/sleepingd/convert.js';
import { eventually } from '../kit/conditions.js';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { needs } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { freePorts } from '../kit/ports.js';

/** As the documents describe theirs: two containers, one of them at random, started where it does not run. */
const STARTSERVER = `#!/bin/bash
running() { [ "$(docker inspect -f '{{.State.Running}}' "$1" 2>/dev/null)" = true ]; }
n=$((RANDOM % 2 + 1))
name=sleepingnode$n port=$((3000 + n))
case $1 in
start)
  running $name || docker run --rm -d -e PORT=$port --name $name sleepingnode:1 /bin/node /nodeapp.js >&2 || exit 1
  echo "$(docker inspect -f '{{.NetworkSettings.IPAddress}}' $name) $port" ;;
status) running sleepingnode1 || running sleepingnode2 ;;
stop) for one in sleepingnode1 sleepingnode2; do ! running $one || docker stop -t 1 $one; done ;;
esac
`;

/** Their application, without express, which no image here has. */
const NODEAPP = `require('http').createServer((req, res) => {
  res.setHeader('connection', 'close');
  res.end('response from ' + req.socket.localAddress + ':' + req.socket.localPort);
}).listen(process.env.PORT);`;

const skip = [needsDocker(), needs('docker')].find((one) => one.skip !== false) ?? { skip: false as const };

test(
  'SB17: two Docker containers, chosen at random for each connection, are stopped 20 s after they fall idle',
  skip,
  async () => {
    const engine = await DockerEngine.start();
    try {
      await engine.importNode('sleepingnode:1', { 'nodeapp.js': NODEAPP });
      const [port = 0] = await freePorts(1);
      const script = '"$PLACE/startserver';
      // As in the documents, but for the port and the folder of the script.
      const { resources } = convert(`[Nodeapp in docker containers]
ACTIVE=yes
PORT=${port}
START_CMD='${script}" start'
STOP_CMD='${script}" stop'
IDLE_CMD='${script}" status'
IDLE_TIME=20
IDLE_CHECK_INTERVAL=5
`);
      const furnish = (PLACE: string) => {
        writeFileSync(`${PLACE}/startserver`, STARTSERVER);
        chmodSync(`${PLACE}/startserver`, 0o755);
        return { PLACE, DOCKER_HOST: engine.address };
      };
      const plan = { resources: resources as Record<string, Record<string, unknown>>, furnish };
      await House.live(plan, async (house) => {
        const names = async () => (await engine.docker.listContainers()).flatMap(({ Names }) => Names);
        const get = async () => await (await fetch(`http://127.0.0.1:${port}/`)).text();
        assert.deepEqual(await names(), []);
        const answers = new Set<string>();
        await eventually('both have served', async () => answers.add(await get()).size === 2, 60_000);
        for (const answer of answers) assert.match(answer, /^response from \S+:300[12]$/);
        const lastUse = Date.now();
        assert.deepEqual((await names()).sort(), ['/sleepingnode1', '/sleepingnode2']);
        await eventually('both are gone', async () => (await names()).length === 0, 60_000);
        assert.ok(Date.now() - lastUse >= 19_000, 'not before their time');
        const [name = ''] = Object.keys(resources);
        await eventually('it is asleep', async () => (await house.resources.openRun(name)) === undefined);
      });
    } finally {
      await engine.close();
    }
  },
);
