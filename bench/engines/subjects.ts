/** One server for each provider, as small as its engine allows: what is measured is the engine. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProviderName } from '../../config/index.js';
import { DockerEngine, needsDocker } from '../../test/kit/docker-engine.js';
import { makeGuest, needsGuest } from '../../test/kit/guest.js';
import { MachineService } from '../../test/kit/machine-service.js';
import { freePorts } from '../../test/kit/ports.js';
import type { BenchContext } from '../contract.js';

export interface Subject {
  readonly provider: ProviderName;
  readonly rounds: number;
  readonly suspends: boolean;
  /** As in reveille.yaml, without routes. */
  readonly resource: object;
}

const IMAGE = 'bench-engines:1';
const PORT = 8080;
/** A probe that reaches QEMU's network before the machine does is answered late or never. */
const health = { path: '/', timeout: '2m', attempt: '500ms' };

/** @returns those that this machine has an engine for, and why others are left out. */
export async function subjects(context: BenchContext): Promise<{ present: Subject[]; absent: string[] }> {
  const program = fileURLToPath(new URL('../../../bench/instance.mjs', import.meta.url));
  const command = [process.execPath, program];
  const present: Subject[] = [
    {
      provider: 'process',
      rounds: 10,
      suspends: true,
      resource: { provider: 'process', process: { command }, health },
    },
    { provider: 'command', rounds: 10, suspends: false, resource: await commands(context, command) },
    { provider: 'http', rounds: 10, suspends: false, resource: await service(context, command) },
  ];
  const absent: string[] = [];
  const { skip: noDocker } = needsDocker();
  if (noDocker !== false) absent.push(noDocker);
  else present.push({ provider: 'docker', rounds: 5, suspends: true, resource: await container(context) });
  const { skip: noGuest } = needsGuest();
  if (noGuest !== false) absent.push(noGuest);
  else {
    const qemu = { ...makeGuest(context.folder), accel: 'auto' };
    present.push({
      provider: 'qemu',
      rounds: 3,
      suspends: true,
      resource: { provider: 'qemu', qemu, health },
    });
  }
  return { present, absent };
}

/** As a script does it: a daemon with a pid file. */
async function commands({ folder }: BenchContext, program: readonly string[]): Promise<object> {
  const [port = 0] = await freePorts(1);
  const pid = join(folder, 'command.pid');
  const start = `setsid "$@" > /dev/null 2>&1 & echo $! > ${pid}; echo 127.0.0.1 ${port}`;
  const command = {
    start: ['sh', '-c', start, 'start', ...program],
    stop: ['sh', '-c', `kill $(cat ${pid})`],
    env: { PORT: String(port) },
  };
  return { provider: 'command', command, health };
}

/** A service that answers at once: what is left is the provider's own look-ups. */
async function service(context: BenchContext, program: readonly string[]): Promise<object> {
  const machines = await MachineService.open(program, 0);
  context.defer(() => machines.close());
  return { provider: 'http', http: machines.settings({}), health };
}

async function container(context: BenchContext): Promise<object> {
  const engine = await DockerEngine.start();
  context.defer(() => engine.close());
  await engine.importBusybox(IMAGE, []);
  const docker = {
    image: IMAGE,
    pull: 'never',
    engine: `unix://${engine.socket}`,
    command: ['/bin/busybox', 'httpd', '-f', '-p', String(PORT)],
    port: PORT,
    grace: '1s',
  };
  return { provider: 'docker', docker, health: { ...health, status: [200, 404] } };
}
