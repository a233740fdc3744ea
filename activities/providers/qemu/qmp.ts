import { connect, type Socket } from 'node:net';
import type { Identity } from '../../host/groups/identity.js';
import { lifeOf } from '../../host/groups/identity.js';

/** In the machine's working directory: a path of its own could be longer than a socket's may be. */
export const QMP_SOCKET = 'qmp.sock';
/** QEMU answers in milliseconds; one that is stopped, or talks to somebody who is, does not at all. */
const ANSWER_MS = 3000;

type Answer = { readonly [key: string]: unknown };

/** QEMU's control protocol: one command at a time, each with its answer. https://qemu.org/docs/master/interop/qmp-spec.html */
export class Qmp {
  private text = '';
  private waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.read(chunk));
    socket.on('error', (error) => this.waiting?.reject(error));
    socket.on('close', () => this.waiting?.reject(new Error('QEMU has closed its control socket')));
  }

  /**
   * Talks to exactly that process, through its own working directory. QEMU serves one connection at a time, so it
   * lasts no longer than `use`.
   * @throws Error where the process has ended, or does not answer within a few seconds.
   */
  static async with<T>(identity: Identity, use: (qmp: Qmp) => Promise<T>): Promise<T> {
    const socket = connect(`/proc/${identity.pid}/cwd/${QMP_SOCKET}`);
    const qmp = new Qmp(socket);
    try {
      await qmp.answer();
      if (lifeOf(identity) === 'gone') throw new Error('the machine has ended');
      await qmp.execute('qmp_capabilities');
      return await use(qmp);
    } finally {
      socket.destroy();
    }
  }

  /** @throws Error with QEMU's own words where it refuses. */
  async execute(command: string, args: object = {}): Promise<Answer> {
    this.socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    const answer = await this.answer();
    if (isRecord(answer.error)) throw new Error(`${command}: ${String(answer.error.desc)}`);
    return isRecord(answer.return) ? answer.return : {};
  }

  /** The next message that is no event. */
  private answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error('QEMU does not answer')), ANSWER_MS);
      const settle = () => {
        clearTimeout(limit);
        this.waiting = undefined;
      };
      this.waiting = {
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
    });
  }

  private read(chunk: string): void {
    this.text += chunk;
    for (let end = this.text.indexOf('\n'); end !== -1; end = this.text.indexOf('\n')) {
      const message: unknown = JSON.parse(this.text.slice(0, end));
      this.text = this.text.slice(end + 1);
      if (isRecord(message) && !('event' in message)) this.waiting?.resolve(message);
    }
  }
}

const isRecord = (value: unknown): value is Answer => typeof value === 'object' && value !== null;
