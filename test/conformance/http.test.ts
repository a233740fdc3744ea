import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engine } from '../kit/engines.js';
import { MachineService } from '../kit/machine-service.js';
import { writeApp } from './app.js';
import type { Desk } from './desk.js';
import type { Engine, Place } from './subject.js';
import { conformance } from './suite.js';

/** Machines of a service, told apart from those of other tests by where they report. */
class Machines implements Engine {
  private constructor(
    private readonly service: MachineService,
    private readonly folder: string,
  ) {}

  static async open(): Promise<Machines> {
    const folder = mkdtempSync(join(tmpdir(), 'reveille-service-'));
    const service = await MachineService.open([engine('busybox'), 'sh', writeApp(folder)]);
    return new Machines(service, folder);
  }

  resource(name: string, desk: Desk): Record<string, unknown> {
    const env = { BUSYBOX: engine('busybox'), ...desk.env(name) };
    return { provider: 'http', http: this.service.settings(env, prefixOf(desk)) };
  }

  async running(name: string, { desk }: Place): Promise<string[]> {
    return this.service.running(prefixOf(desk) + name);
  }

  async remains(name: string, { desk }: Place): Promise<string[]> {
    return this.service.known(prefixOf(desk) + name);
  }

  async kill(name: string, { desk }: Place): Promise<void> {
    this.service.kill(prefixOf(desk) + name);
  }

  async breakStops(name: string, { desk }: Place): Promise<() => void> {
    this.service.stubborn.add(prefixOf(desk) + name);
    return () => this.service.stubborn.delete(prefixOf(desk) + name);
  }

  async close(): Promise<void> {
    await this.service.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const prefixOf = ({ port }: Desk): string => `${port}-`;

conformance({
  provider: 'http',
  needs: [],
  suspends: false,
  open: () => Machines.open(),
});
