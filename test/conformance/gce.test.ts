import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeCompute } from '../gce/fake/compute.js';
import { engine } from '../kit/engines.js';
import { instancePort } from '../kit/ports.js';
import { writeApp } from './app.js';
import type { Desk } from './desk.js';
import type { Engine, Place } from './subject.js';
import { conformance } from './suite.js';

/** What goes wrong between workers and the cloud, all the time: of so many calls, one. */
const FAULTS = [
  [23, { status: 503, reason: 'backendError' }],
  [29, 'lose'],
  [31, 'drop'],
  [37, { status: 403, reason: 'rateLimitExceeded' }],
  [41, { status: 500, reason: 'backendError' }],
] as const;

/** Machines of a fake of Compute Engine, whose startup script is the application. */
class FakeMachines implements Engine {
  readonly top = { site: 'conformance' };
  private readonly folder = mkdtempSync(join(tmpdir(), 'reveille-gce-'));
  private readonly file = writeApp(this.folder);

  private constructor(
    private readonly compute: FakeCompute,
    private readonly port: number,
  ) {}

  static async open(): Promise<FakeMachines> {
    const compute = await FakeCompute.open();
    for (const [every, how] of FAULTS) compute.add({ method: /./, how, every });
    return new FakeMachines(compute, await instancePort());
  }

  resource(name: string, desk: Desk): Record<string, unknown> {
    const busybox = engine('busybox');
    const env = Object.entries({ ...desk.env(name), BUSYBOX: busybox, PORT: String(this.port) });
    const exports = env.map(([key, value]) => `export ${key}='${value}'`).join('\n');
    const gce = {
      project: 'some-project',
      zone: 'us-central1-a',
      zones: ['us-central1-b'],
      startupScript: `${exports}\nexec '${busybox}' sh '${this.file}'`,
      port: this.port,
      api: this.compute.url,
      interval: '1s',
    };
    return { provider: 'gce', gce };
  }

  async running(name: string, place: Place): Promise<string[]> {
    return this.all(name, place).flatMap(({ id, status }) => (status === 'TERMINATED' ? [] : [id]));
  }

  async remains(name: string, place: Place): Promise<string[]> {
    return this.all(name, place).map(({ id, status }) => `${id} ${status}`);
  }

  async kill(name: string, place: Place): Promise<void> {
    for (const machine of this.all(name, place)) machine.kill();
  }

  async breakStops(): Promise<() => void> {
    return this.compute.project.fail('stop', 'SOMETHING_NEW', { times: Number.POSITIVE_INFINITY });
  }

  async close(): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
    const scripts = this.compute.project.machines.map((one) => one.metadata('startup-script'));
    await this.compute.close();
    assert.equal(new Set(scripts).size, scripts.length, 'no resource has two machines');
  }

  private all(name: string, { desk }: Place) {
    const mark = `DESK='${desk.mark(name)}'`;
    return this.compute.project.machines.filter((one) => one.metadata('startup-script')?.includes(mark));
  }
}

conformance({ provider: 'gce', needs: [], suspends: true, open: () => FakeMachines.open() });
