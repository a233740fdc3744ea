import { type ChildProcess, spawn } from 'node:child_process';

export type GuestState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';
/** As the reference has them ("InstanceState"). */
export const STATE_CODES: Readonly<Record<GuestState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export interface GuestOptions {
  id: string;
  /** A loopback address of its own. */
  address: string;
  /** How long it is pending, ms. */
  bootMs(): number;
  /** What runs in it. */
  command: readonly string[];
  /** Its user data: lines of NAME=VALUE. */
  env: Readonly<Record<string, string>>;
  resource: string;
  /** Its own end has been decided here, by itself or by the cloud: the other half of the site is told. */
  onOwnEnd(guest: Guest): void;
}

/** The inside of an instance: a program that runs where the instance would, and the states that the cloud tells of. */
export class Guest {
  state: GuestState = 'pending';
  reason = { code: '', message: '' };
  console = '';
  private child: ChildProcess | undefined;
  private isFrozen = false;

  constructor(readonly options: GuestOptions) {
    this.boot();
  }

  get isAlive(): boolean {
    return this.state !== 'stopped' && this.state !== 'terminated';
  }

  /** Its program lives, whatever its state is. */
  get runs(): boolean {
    return this.child !== undefined;
  }

  /** Whether it could be told to start, in its state. */
  start(): boolean {
    if (this.state === 'pending' || this.state === 'running') return true;
    if (this.state !== 'stopped') return false;
    this.state = 'pending';
    this.boot();
    return true;
  }

  /** Whether it could be told to stop, in its state. */
  stop(hibernate: boolean): boolean {
    if (this.state === 'stopping' || this.state === 'stopped') return true;
    if (this.state !== 'running') return false;
    this.reason = { code: 'Client.UserInitiatedShutdown', message: 'User initiated shutdown' };
    if (hibernate) {
      this.isFrozen = true;
      this.signal('SIGSTOP');
      this.state = 'stopped';
    } else this.end('stopping', 'SIGTERM');
    return true;
  }

  terminate(): void {
    if (this.state === 'terminated' || this.state === 'shutting-down') return;
    this.reason = { code: 'Client.UserInitiatedShutdown', message: 'User initiated shutdown' };
    this.end('shutting-down', this.isFrozen ? 'SIGKILL' : 'SIGTERM');
  }

  /** The cloud takes it back: "Spot Instance interruption". */
  interrupt(): void {
    this.reason = { code: 'Server.SpotInstanceTermination', message: 'Spot instance termination' };
    this.end('shutting-down', 'SIGKILL');
    this.options.onOwnEnd(this);
  }

  /** Its program dies, and with it the machine. */
  crash(): void {
    this.signal('SIGKILL');
  }

  private boot(): void {
    setTimeout(() => {
      if (this.state !== 'pending') return;
      this.state = 'running';
      if (this.isFrozen) {
        this.isFrozen = false;
        this.signal('SIGCONT');
      } else this.launch();
    }, this.options.bootMs()).unref();
  }

  private launch(): void {
    const { command, env, address } = this.options;
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      env: { ...env, LISTEN: address, ADDRESS: address },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.console = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => {
        this.console += bytes.toString('utf8');
      });
    child.once('close', () => {
      this.child = undefined;
      this.ended();
    });
  }

  private end(state: 'stopping' | 'shutting-down', signal: NodeJS.Signals): void {
    this.state = state;
    if (this.child === undefined) this.ended();
    else this.signal(signal);
  }

  private ended(): void {
    if (this.state === 'stopping') this.state = 'stopped';
    else if (this.state === 'shutting-down') this.state = 'terminated';
    else if (this.state === 'running') {
      this.reason = { code: 'Client.InstanceInitiatedShutdown', message: 'Instance initiated shutdown' };
      this.state = 'stopped';
      this.options.onOwnEnd(this);
    }
  }

  private signal(name: NodeJS.Signals): void {
    const { pid } = this.child ?? {};
    if (pid === undefined) return;
    try {
      process.kill(-pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}
