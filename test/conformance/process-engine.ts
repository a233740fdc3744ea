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
import { engine } from '../kit/engines.js';
import { environmentOf } from '../kit/house-sweep.js';
import { writeApp } from './app.js';
import type { Desk } from './desk.js';
import type { Engine, Place } from './subject.js';

/** What keeps late comers away, and belongs to it. */
const LASTING = new Set(['claims', 'tmp']);

/** Processes of this machine. */
export class Processes implements Engine {
  private readonly folder = mkdtempSync(join(tmpdir(), 'reveille-processes-'));
  private readonly file = writeApp(this.folder);

  resource(name: string, desk: Desk): Record<string, unknown> {
    return { provider: 'process', process: { ...this.settings(name, desk), grace: '60s' } };
  }

  settings(name: string, desk: Desk): { command: string[]; env: Record<string, string> } {
    const busybox = engine('busybox');
    return { command: [busybox, 'sh', this.file], env: { BUSYBOX: busybox, ...desk.env(name) } };
  }

  async running(name: string, { desk }: Place): Promise<string[]> {
    const mark = `DESK=${desk.mark(name)}`;
    const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
    return pids.filter((pid) => environmentOf(pid).includes(mark) && leadsGroup(pid));
  }

  async remains(name: string, place: Place): Promise<string[]> {
    const folder = this.home(name, place);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    return [...(await this.running(name, place)), ...files.filter((file) => !LASTING.has(file))];
  }

  async kill(name: string, place: Place): Promise<void> {
    for (const pid of await this.running(name, place)) process.kill(-Number(pid), 'SIGKILL');
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
    return join(stateDir, 'process', name);
  }
}

function leadsGroup(pid: string): boolean {
  try {
    const [, group] = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ').slice(1) ?? [];
    return group === pid;
  } catch {
    return false;
  }
}
