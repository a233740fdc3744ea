import { statSync } from 'node:fs';
import { type Config, paramsEnvironment, settingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import { endGroup } from '../../host/groups/ending.js';
import type { Home } from '../../host/groups/home.js';
import { lifeOf } from '../../host/groups/identity.js';
import type { Kind } from '../../host/groups/kind.js';
import { GroupProvider } from '../../host/groups/provider.js';
import { type PreparedCommand, prepareProgram } from '../../host/program.js';
import type { HostServices } from '../../host/services.js';
import { fileOf } from '../../images/handed.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import { accelerator } from './accel.js';
import { prepareDisk } from './disk.js';
import { machineCommand, type Parts } from './machine.js';
import { Memory } from './memory.js';
import { powerOff, resumeMachine, saveMemory } from './power.js';
import { prepareSeed } from './seed.js';

/** From SIGTERM, by which QEMU flushes its disks and ends, to SIGKILL. */
const TERM_MS = 5000;

async function prepare(
  { name, generation, revision, definition, params, images }: BootRequest,
  port: number,
  config: Config,
  home: Home,
  { signal }: ProviderContext,
): Promise<PreparedCommand> {
  const settings = settingsOf(definition, 'qemu');
  const from = { folder: config.folder, images };
  const parts: Parts = {
    name,
    accelerator: await accelerator(settings, home.claims.scratch),
    endpoint: { host: definition.endpoint.host, port },
    disk: settings.disk && (await prepareDisk(settings.disk, from, home, signal)),
    seed: prepareSeed(settings, config, home),
    kernel: kernelOf(settings.kernel, from),
    restores: new Memory(home).take(generation, revision),
  };
  const key = `resources.${name}.qemu`;
  const command = machineCommand(settings, parts);
  const labels = {
    ...paramsEnvironment(params),
    REVEILLE_RESOURCE: name,
    REVEILLE_GENERATION: String(generation),
  };
  return prepareProgram({ command, env: {}, cwd: home.folder, user: undefined, key }, labels, config);
}

function kernelOf(
  kernel: ReturnType<typeof settingsOf<'qemu'>>['kernel'],
  from: Parameters<typeof fileOf>[2],
): Parts['kernel'] {
  if (kernel === undefined) return undefined;
  const { image, ramdisk, append } = kernel;
  return {
    image: existing(fileOf(image, 'kernel', from)),
    ramdisk: ramdisk === undefined ? undefined : existing(fileOf(ramdisk, 'ramdisk', from)),
    append,
  };
}

function existing(file: string): string {
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  throw new ReveilleError('BOOT_FAILED', `the file ${file} does not exist`);
}

const qemuKind: Kind = {
  name: 'qemu',
  prepare,
  async end(home, claim, { graceMs, force }, context) {
    if (!force && lifeOf(claim.identity) !== 'gone') await powerOff(claim, graceMs, context);
    await endGroup(home.group(claim), { graceMs: TERM_MS, force }, context);
  },
  suspend: saveMemory,
  resume: resumeMachine,
  discard: (home, { generation }) => new Memory(home).discard(generation),
};

/**
 * Virtual machines of QEMU: process groups like others, so one process at most runs for a generation, and whoever
 * comes after a dead worker finds it by its claim. Its shutdown and its suspension go over QEMU's control socket.
 */
export class QemuProvider extends GroupProvider {
  constructor(services: HostServices) {
    super(services, qemuKind);
  }
}
