import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ec2Site } from '../kit/ec2-site.js';
import { engine } from '../kit/engines.js';
import { instancePort } from '../kit/ports.js';
import { writeApp } from './app.js';
import type { Desk } from './desk.js';
import type { Engine, Place } from './subject.js';
import { conformance } from './suite.js';

/** Instances of a site with EC2's API, each with the application at an address of its own. */
class Machines implements Engine {
  readonly top = { site: 'conformance' };

  private constructor(
    private readonly folder: string,
    private readonly site: Ec2Site,
    private readonly port: number,
  ) {}

  static async open(): Promise<Machines> {
    const folder = mkdtempSync(join(tmpdir(), 'reveille-ec2-'));
    const site = await Ec2Site.start([engine('busybox'), 'sh', writeApp(folder)]);
    return new Machines(folder, site, await instancePort());
  }

  resource(name: string, desk: Desk): Record<string, unknown> {
    const { port } = this;
    const env = { BUSYBOX: engine('busybox'), PORT: String(port), ...desk.env(name) };
    const userData = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    const ec2 = {
      ...this.site.settings,
      image: this.site.image,
      type: 't3.micro',
      userData: userData.join('\n'),
      port,
      interval: '100ms',
      watch: '500ms',
      keepsAddress: true,
      patience: '1s',
      settle: '300ms',
    };
    return { provider: 'ec2', ec2 };
  }

  async running(name: string, place: Place): Promise<string[]> {
    return this.of(name, place)
      .filter((guest) => guest.isAlive)
      .map(({ options }) => options.id);
  }

  async remains(name: string, place: Place): Promise<string[]> {
    return this.of(name, place).map(({ options, state }) => `${options.id} ${state}`);
  }

  async kill(name: string, place: Place): Promise<void> {
    for (const guest of this.of(name, place)) guest.crash();
  }

  async breakStops(): Promise<() => void> {
    return this.site.faults.add(/Action=(Stop|Terminate)Instances/, { kind: 'error' });
  }

  async close(): Promise<void> {
    await this.site.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Told apart from those of other tests by where they report. */
  private of(name: string, { desk }: Place) {
    return this.site.of(name).filter(({ options }) => options.env.DESK === desk.mark(name));
  }
}

conformance({ provider: 'ec2', needs: ['moto'], suspends: true, open: () => Machines.open() });
