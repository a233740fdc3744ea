import { type ChildProcess, spawn } from 'node:child_process';
import { eventually } from './conditions.js';
import { engine } from './engines.js';
import { freePort } from './ports.js';

/** An EC2 API on a port of this machine. Any credentials are good. */
export class Moto {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<Moto> {
    const port = await freePort();
    const env = { ...process.env, MOTO_EC2_LOAD_DEFAULT_AMIS: 'false' };
    const child = spawn(engine('moto'), ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
      env,
      stdio: 'ignore',
    });
    const moto = new Moto(port, child);
    try {
      await eventually(
        'moto answers',
        async () => (await moto.call({ Action: 'DescribeRegions' })).ok,
        60_000,
      );
    } catch (error) {
      await moto.close();
      throw error;
    }
    return moto;
  }

  /** A call of the query API. */
  call(parameters: Record<string, string>): Promise<Response> {
    return this.send(new URLSearchParams({ Version: '2016-11-15', ...parameters }).toString());
  }

  /** @param body a call as it came in. */
  send(body: string): Promise<Response> {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=test';
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: authorization };
    return fetch(`http://127.0.0.1:${this.port}/`, { method: 'POST', headers, body });
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}
