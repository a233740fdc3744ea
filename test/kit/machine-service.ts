import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Below those that the system gives to others, and beyond those of houses and of the command suite. */
const PORTS = { from: 22_000, to: 24_900 };
const LONGEST_BOOT_MS = 300;
const LOG_CHARS = 20_000;

interface Machine {
  readonly id: string;
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** Named by look-ups only from then on. */
  readonly upAt: number;
  log: string;
  isEnding: boolean;
}

/**
 * A cloud behind a REST interface, whose machines are process groups of this host. It is as simple as such a service
 * may be: each spawn starts a machine, whether one was there or not, and a stop is answered before it is done.
 *
 * GET    /machines               200 and a list of what runs, each { name, id, address }
 * GET    /machines/NAME          200 and such a one; 404; 410 where it has ended by itself
 * POST   /machines/NAME          202; the body's env, if any, goes to its environment
 * POST   /machines/NAME/ID/stop  202; 404 where that one is not there
 * DELETE /machines/NAME/ID       202; 404; what is left of one that has ended goes as well
 * GET    /machines/NAME/log      200 and what it has said
 */
export class MachineService {
  private readonly machines: Machine[] = [];
  /** NAMEs whose stops are answered by 500. */
  readonly stubborn = new Set<string>();
  private port = randomInt(PORTS.from, PORTS.to);
  private readonly server = createServer((request, response) => void this.answer(request, response));

  private constructor(
    private readonly command: readonly string[],
    private readonly longestBootMs: number,
  ) {}

  /**
   * @param command what a machine runs, with PORT in its environment.
   * @param longestBootMs for which look-ups may not name a machine yet.
   */
  static async open(command: readonly string[], longestBootMs = LONGEST_BOOT_MS): Promise<MachineService> {
    const service = new MachineService(command, longestBootMs);
    await new Promise<void>((resolve) => service.server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  /** Its settings, as in reveille.yaml. @param env of its machines. @param prefix of their names at the service. */
  settings(env: Record<string, string>, prefix = ''): Record<string, unknown> {
    const one = `/machines/${prefix}{resource}`;
    const places = { endpoint: '/address', id: '/id' };
    return {
      url: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      interval: '50ms',
      lookup: { method: 'GET', path: one, ...places },
      spawn: { method: 'POST', path: one, body: { env } },
      stop: { method: 'POST', path: `${one}/{id}/stop` },
      delete: { method: 'DELETE', path: `${one}/{id}` },
      log: { method: 'GET', path: `${one}/log` },
      list: { method: 'GET', path: `/machines?prefix=${prefix}`, name: '/name', ...places },
    };
  }

  /** What runs under that name. */
  running(name: string): string[] {
    return this.machines.filter((one) => one.name === name && isRunning(one)).map(({ id }) => id);
  }

  /** What is known under that name, ended or not. */
  known(name: string): string[] {
    return this.machines.filter((one) => one.name === name).map(({ id }) => id);
  }

  kill(name: string): void {
    for (const one of this.machines) if (one.name === name) signal(one, 'SIGKILL');
  }

  async close(): Promise<void> {
    for (const one of this.machines) signal(one, 'SIGKILL');
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString();
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://service');
    const [, , name, second, third] = pathname.split('/').map(decodeURIComponent);
    const say = (status: number, said?: unknown) =>
      response.writeHead(status).end(typeof said === 'string' ? said : JSON.stringify(said));
    const last = this.machines.findLast((one) => one.name === name);
    if (name === undefined) return void say(200, this.list(searchParams.get('prefix') ?? ''));
    if (second === 'log') return void say(last ? 200 : 404, last?.log ?? '');
    if (request.method === 'POST' && second === undefined)
      return void say(202, this.spawn(name, JSON.parse(body)));
    if (request.method === 'GET') {
      if (!last || Date.now() < last.upAt) return void say(404);
      return void (isRunning(last) ? say(200, shown(last)) : say(410, last.log.slice(-500)));
    }
    if (this.stubborn.has(name)) return void say(500, 'I refuse');
    const wanted = this.machines.find((one) => one.name === name && one.id === second);
    if (wanted === undefined) return void say(404);
    this.end(wanted);
    say(202, third ?? 'deleted');
  }

  private list(prefix: string): object[] {
    const all = this.machines.filter((one) => one.name.startsWith(prefix) && isRunning(one));
    return all.map((one) => ({ ...shown(one), name: one.name.slice(prefix.length) }));
  }

  private spawn(name: string, { env = {} }: { env?: Record<string, string> }): string {
    const [program = '', ...words] = this.command;
    const port = this.port++;
    const child = spawn(program, words, {
      env: { PATH: process.env.PATH, ...env, PORT: String(port) },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const upAt = Date.now() + randomInt(this.longestBootMs + 1);
    const machine = { id: `m-${port}`, name, port, child, upAt, log: '', isEnding: false };
    const keep = (text: Buffer) => {
      machine.log = (machine.log + text).slice(-LOG_CHARS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('exit', () => {
      if (machine.isEnding) this.machines.splice(this.machines.indexOf(machine), 1);
    });
    // What is left of one that has ended makes room.
    for (const old of this.machines.filter((one) => one.name === name && !isRunning(one)))
      this.machines.splice(this.machines.indexOf(old), 1);
    this.machines.push(machine);
    return 'booting';
  }

  private end(machine: Machine): void {
    if (!isRunning(machine)) this.machines.splice(this.machines.indexOf(machine), 1);
    else if (!machine.isEnding) signal(machine, 'SIGTERM');
    machine.isEnding = true;
  }
}

const shown = ({ name, id, port }: Machine) => ({ name, id, address: `127.0.0.1:${port}` });

const isRunning = ({ child }: Machine): boolean => child.exitCode === null && child.signalCode === null;

/** SIGTERM to its leader, which ends what it has started; SIGKILL to all of them. */
function signal({ child: { pid } }: Machine, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(name === 'SIGKILL' ? -pid : pid, name);
  } catch {
    // It has ended.
  }
}
