import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Connection } from '@temporalio/client';
import { EMBEDDED_ARGUMENTS } from '../../temporal/index.js';
import { eventually } from './conditions.js';
import { engine } from './engines.js';
import { freePort } from './ports.js';

const MAX_TRIES = 3;

/** A real Temporal development server that a test can kill and start again on the same database. */
export class TemporalServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly database: string | undefined,
  ) {}

  /** @param database a file that outlives the server; without one it is in memory. */
  static async start(database?: string): Promise<TemporalServer> {
    const server = new TemporalServer(await freePort(), database);
    await server.run();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /**
   * Starts it (again), on the same port and database, where it does not run. One that ends at its start is started once
   * more: its parts listen at ports that it looks for by itself, and another test's may be there first.
   */
  async run(): Promise<void> {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) return;
    for (let tries = 1; ; tries++) {
      const child = this.spawn();
      if (await this.answers(child)) return;
      if (tries === MAX_TRIES) throw new Error(`Temporal ended with ${child.exitCode}`);
    }
  }

  private spawn(): ChildProcess {
    const server = ['server', 'start-dev', '--headless', '--log-level', 'error', '--port', String(this.port)];
    const database = this.database === undefined ? [] : ['--db-filename', this.database];
    this.child = spawn(engine('temporal'), [...server, ...EMBEDDED_ARGUMENTS, ...database], {
      stdio: 'ignore',
    });
    return this.child;
  }

  /** @returns false where it ended instead. */
  private async answers(child: ChildProcess): Promise<boolean> {
    const state = await eventually('Temporal answers or ends', async () => {
      if (child.exitCode !== null) return 'ended';
      const connection = await Connection.connect({ address: this.address, connectTimeout: 1000 });
      try {
        await connection.withDeadline(Date.now() + 2000, () =>
          connection.workflowService.describeNamespace({ namespace: 'default' }),
        );
        return 'answers';
      } finally {
        await connection.close();
      }
    });
    return state === 'answers';
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}
