import { execFile } from 'node:child_process';
import { accessSync, constants, rmSync, writeFileSync } from 'node:fs';
import type { SettingsOf } from '../../../config/index.js';
import { scratchFile } from '../../host/atomic.js';

export type Accelerator = 'kvm' | 'tcg';

const KVM = '/dev/kvm';
const PROBE_MS = 2000;
/** What QEMU exits with when the firmware writes 0x10 to isa-debug-exit: that, doubled, and one. */
const REACHED = 33;
const ROM_BYTES = 65_536;
const HALT = 0xf4;
/**
 * Last 256 bytes of a firmware that goes from the reset vector (at 0xf0) to 64-bit mode with paging, and there writes
 * 0x10 to port 0xf4 and halts. At 0: far jump to f000:ff05; page tables at 0x1000 that map the first 2 MiB; lgdt;
 * CR4.PAE, CR3, EFER.LME, CR0.PG and PE; far jump into the 64-bit segment. At 0x80: the table's descriptor, and at
 * 0x90 its entries. At 0xa0: mov al, 0x10; out 0xf4, al; hlt.
 */
const CODE: readonly [number, string][] = [
  [
    0x00,
    'ea05ff00f031c08ed866c70600100320000066c70600200330000066c706003083000000' +
      '2e660f011680ff0f20e06683c8200f22e066b8001000000f22d866b9800000c00f32660d' +
      '000100000f300f20c0660d010000800f22c066eaa0ff0f000800',
  ],
  [0x80, '0f0090ff0f00'],
  [0x90, '000000000000000000000000009a2000'],
  [0xa0, 'b010e6f4f4'],
  [0xf0, 'e90dff'],
];

const known = new Map<string, Promise<boolean>>();

/**
 * Which accelerator a machine gets. That /dev/kvm can be opened says little: within some virtual machines nothing but
 * guests made for them run on it. So with `auto` a guest of 256 bytes is run, once for each program.
 * @param scratch folder for its firmware.
 */
export async function accelerator(
  { accel, program }: Pick<SettingsOf<'qemu'>, 'accel' | 'program'>,
  scratch: string,
): Promise<Accelerator> {
  if (accel !== 'auto') return accel;
  const runs = known.get(program) ?? runsWithKvm(program, scratch);
  known.set(program, runs);
  return (await runs) ? 'kvm' : 'tcg';
}

async function runsWithKvm(program: string, scratch: string): Promise<boolean> {
  try {
    accessSync(KVM, constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  const firmware = scratchFile(scratch);
  writeFileSync(firmware, firmwareBytes());
  try {
    return await reachesTheEnd(program, firmware);
  } finally {
    rmSync(firmware, { force: true });
  }
}

function reachesTheEnd(program: string, firmware: string): Promise<boolean> {
  const quiet = ['-nodefaults', '-no-user-config', '-display', 'none'];
  const machine = ['-accel', 'kvm', '-m', '2', '-device', 'isa-debug-exit,iobase=0xf4', '-bios', firmware];
  return new Promise((resolve) => {
    execFile(program, [...quiet, ...machine], { timeout: PROBE_MS, killSignal: 'SIGKILL' }, (error) =>
      resolve(error?.code === REACHED),
    );
  });
}

function firmwareBytes(): Buffer {
  const bytes = Buffer.alloc(ROM_BYTES, HALT);
  const last = ROM_BYTES - 256;
  for (const [at, hex] of CODE) Buffer.from(hex, 'hex').copy(bytes, last + at);
  return bytes;
}
