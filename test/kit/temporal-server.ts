import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Connection } from '@temporalio/client';
import { EMBEDDED_ARGUMENTS } from '../../temporal/index.js';
import { eventually } from './conditions.js';
import { engine } from './engines.js';

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

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

  /** Starts it (again), on the same port and database, where it does not run. */
  async run(): Promise<void> {
    if (this.child && this.child.exitCode === null && this.child.signalCode === null) return;
    const child = spawn(
      engine('temporal'),
      [
        ...['server', 'start-dev', '--headless', '--log-level', 'error', '--port', String(this.port)],
        ...EMBEDDED_ARGUMENTS,
        ...(this.database === undefined ? [] : ['--db-filename', this.database]),
      ],
      { stdio: 'ignore' },
    );
    this.child = child;
    await eventually('Temporal answers', async () => {
      if (child.exitCode !== null) throw new Error(`Temporal ended with ${child.exitCode}`);
      const connection = await Connection.connect({ address: this.address, connectTimeout: 1000 });
      try {
        await connection.withDeadline(Date.now() + 2000, () =>
          connection.workflowService.describeNamespace({ namespace: 'default' }),
        );
        return true;
      } finally {
        await connection.close();
      }
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}
