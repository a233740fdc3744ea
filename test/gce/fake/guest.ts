import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { engine } from '../../kit/engines.js';

/** From the power button to the end by force: Compute Engine gives 90 s, and a preempted machine 30 s. */
const SHUTDOWN_MS = 90_000;
/** Compute Engine keeps 1 MB. */
const SERIAL_BYTES = 1_000_000;

/** What runs in a machine: its startup script as a process group of this host, with the machine's addresses. */
export class Guest {
  private readonly child: ChildProcess;
  readonly ended: Promise<unknown>;

  /** @param say takes what comes over the serial port. */
  constructor(
    script: string,
    addresses: { external: string | undefined; internal: string },
    say: (text: string) => void,
  ) {
    const env = {
      EXTERNAL_ADDRESS: addresses.external ?? '',
      INTERNAL_ADDRESS: addresses.internal,
      LISTEN: addresses.external ?? addresses.internal,
    };
    this.child = spawn(engine('busybox'), ['sh', '-c', script], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = once(this.child, 'exit');
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.setEncoding('utf8').on('data', say);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The power button, then force. */
  async shutDown(): Promise<void> {
    if (this.hasEnded) return;
    this.signal('SIGCONT');
    // Its first process alone is told, which ends the others.
    this.child.kill('SIGTERM');
    const limit = setTimeout(() => this.kill(), SHUTDOWN_MS);
    await this.ended;
    clearTimeout(limit);
  }

  suspend(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  kill(): void {
    this.signal('SIGKILL');
  }

  private signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.child.pid ?? Number.NaN), signal);
    } catch {
      // It has ended.
    }
  }
}

/** The serial port's output, bounded. */
export class Serial {
  private text = '';
  /** Bytes that are kept no more. */
  private lost = 0;

  say(text: string): void {
    this.text += text;
    const more = this.text.length - SERIAL_BYTES;
    if (more <= 0) return;
    this.text = this.text.slice(more);
    this.lost += more;
  }

  /** @param start negative: so many bytes from the end. */
  from(start: number): { contents: string; start: string; next: string } {
    const end = this.lost + this.text.length;
    const first = Math.max(this.lost, start < 0 ? end + start : start);
    return { contents: this.text.slice(first - this.lost), start: String(first), next: String(end) };
  }
}
