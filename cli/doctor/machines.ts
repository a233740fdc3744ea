import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { engineAt } from '../../activities/providers/docker/engine.js';
import { accelerator } from '../../activities/providers/qemu/accel.js';
import type { SettingsOf } from '../../config/index.js';
import { codeOf, type Finding, findingsOf, saying } from './finding.js';
import type { Look } from './providers.js';
import { programIn } from './search.js';

const ENGINE_MS = 10_000;

/** Whether each engine answers. */
export const lookAtDocker: Look = async (resources) => {
  const engines = new Set(resources.map(([, { docker }]) => docker?.engine));
  return Promise.all([...engines].map(lookAtEngine));
};

async function lookAtEngine(address: string | undefined): Promise<Finding> {
  const { ok, wrong } = findingsOf('docker');
  const name = address ?? process.env.DOCKER_HOST ?? 'the engine of this machine';
  const late = new AbortController();
  try {
    const version = await Promise.race([
      engineAt(address).version(),
      delay(ENGINE_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error(`nothing within ${ENGINE_MS / 1000} s`);
      }),
    ]);
    return ok(`${name} answers, version ${version.Version}`);
  } catch (error) {
    const remedy =
      codeOf(error) === 'EACCES'
        ? 'Let this user use it (usermod -aG docker NAME, then log in again).'
        : 'Start it (systemctl start docker), or correct docker.engine.';
    return wrong(`${name} does not answer: ${codeOf(error) ?? saying(error)}`, remedy);
  } finally {
    late.abort();
  }
}

/** Whether QEMU, its images and KVM are there. */
export const lookAtQemu: Look = async (resources, { folder }) => {
  const all = resources.flatMap(([name, { qemu }]) => (qemu === undefined ? [] : [{ name, qemu }]));
  const kinds = new Map(all.map(({ qemu }) => [`${qemu.program} ${qemu.accel}`, qemu]));
  const programs = await Promise.all([...kinds.values()].map(lookAtProgram));
  return [...programs, ...all.flatMap(({ name, qemu }) => lookAtImages(name, qemu, folder))];
};

async function lookAtProgram(qemu: SettingsOf<'qemu'>): Promise<Finding> {
  const { ok, warning, wrong } = findingsOf('qemu');
  const { program, accel } = qemu;
  const absent = [program, ...(qemu.disk === undefined ? [] : ['qemu-img'])].filter(
    (one) => programIn(one) === undefined,
  );
  if (absent.length > 0) {
    const remedy = 'Install QEMU (apt install qemu-system-x86 qemu-utils), or correct qemu.program.';
    return wrong(`${absent.join(' and ')} cannot be found`, remedy);
  }
  if (accel === 'tcg') return ok(`${program} is there; emulation, as configured`);
  const scratch = mkdtempSync(join(tmpdir(), 'reveille-doctor-'));
  try {
    if ((await accelerator({ program, accel: 'auto' }, scratch)) === 'kvm')
      return ok(`${program} runs machines with KVM`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const remedy =
    'Turn virtualisation on (firmware, or nested), load kvm_intel or kvm_amd, and let this user open /dev/kvm (group kvm).';
  const message = `${program} cannot run machines with KVM`;
  if (accel === 'kvm') return wrong(message, remedy);
  return warning(`${message}, so they are emulated, many times slower`, remedy);
}

/** Files that stand beside the configuration; what is fetched by URL is looked at by whoever fetches it. */
function lookAtImages(name: string, { disk, kernel }: SettingsOf<'qemu'>, folder: string): Finding[] {
  const { wrong } = findingsOf('qemu');
  return [disk?.image, kernel?.image, kernel?.ramdisk].flatMap((image) => {
    if (typeof image !== 'string') return [];
    const path = resolve(folder, image);
    try {
      accessSync(path, constants.R_OK);
      return [];
    } catch (error) {
      const why = codeOf(error) === 'ENOENT' ? 'is not there' : 'cannot be read by this user';
      return [wrong(`${name}: ${path} ${why}`, `Put it there, or correct resources.${name}.qemu.`)];
    }
  });
}
