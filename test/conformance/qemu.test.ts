import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GUEST_ENGINES, makeGuest } from '../kit/guest.js';
import { writeApp } from './app.js';
import type { Desk } from './desk.js';
import type { Engine, Place } from './subject.js';
import { conformance } from './suite.js';

/** What keeps late comers away, and belongs to it. */
const LASTING = new Set(['claims', 'tmp']);
/** This machine, as a guest on QEMU's own network reaches it. */
const GATEWAY = '10.0.2.2';
const PORT = 8080;

class Machines implements Engine {
  private readonly folder = mkdtempSync(join(tmpdir(), 'reveille-machines-'));
  private readonly guest = makeGuest(this.folder, writeApp(this.folder));

  resource(name: string, desk: Desk): Record<string, unknown> {
    // What the kernel does not know itself goes to the first program's environment.
    const env = {
      ...desk.env(name, GATEWAY),
      LISTEN: '0.0.0.0',
      PORT: String(PORT),
    };
    const words = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    const kernel = { ...this.guest.kernel, append: [this.guest.kernel.append, ...words].join(' ') };
    const qemu = { ...this.guest, kernel, guestPort: PORT };
    return { provider: 'qemu', qemu, health: { path: '/', timeout: '2m' } };
  }

  async running(name: string, { desk }: Place): Promise<string[]> {
    const mark = ` DESK=${desk.mark(name)} `;
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    return pids.filter((pid) => commandOf(pid).some((word) => word.includes(mark)));
  }

  async remains(name: string, place: Place): Promise<string[]> {
    const folder = this.home(name, place);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return [...(await this.running(name, place)), ...files.filter((file) => !LASTING.has(file))];
  }

  async kill(name: string, place: Place): Promise<void> {
    for (const pid of await this.running(name, place)) process.kill(Number(pid), 'SIGKILL');
  }

  async breakStops(name: string, place: Place): Promise<() => void> {
    const scratch = join(this.home(name, place), 'tmp');
    rmSync(scratch, { recursive: true });
    writeFileSync(scratch, 'in the way of the folder');
    return () => {
      rmSync(scratch);
      mkdirSync(scratch);
    };
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private home(name: string, { stateDir }: Place): string {
    return join(stateDir, 'qemu', name);
  }
}

/** A machine's own: what is about to become it is a shell with the same words. */
function commandOf(pid: string): string[] {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words[0]?.includes('qemu') ? words : [];
  } catch {
    return [];
  }
}

conformance({
  provider: 'qemu',
  needs: GUEST_ENGINES,
  suspends: true,
  open: async () => new Machines(),
});
