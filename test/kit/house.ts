import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Difference, HouseBase, type Plan } from './house-base.js';
import type { Part } from './house-part.js';
import { TemporalServer } from './temporal-server.js';

export { app } from './house-base.js';

/** Reveille for real in a folder of its own: Temporal, workers and proxies are processes, and so are instances. */
export class House extends HouseBase {
  private constructor(
    readonly temporal: TemporalServer,
    plan: Plan,
    /** Of the database, where there is one. */
    private readonly durable: string | undefined,
  ) {
    super(plan, { proxy: { listen: '127.0.0.1:0' }, temporal: { address: temporal.address } });
  }

  /** Runs a test in a house of its own, with a worker and a proxy. */
  static async live(plan: Plan, body: (house: House) => Promise<void>): Promise<void> {
    const durable = plan.durable ? mkdtempSync(join(tmpdir(), 'reveille-database-')) : undefined;
    const temporal = await TemporalServer.start(durable && join(durable, 'temporal.db'));
    const house = new House(temporal, plan, durable);
    await house.run(async () => {
      await Promise.all([house.startWorker(), house.startProxy()]);
      await body(house);
    });
  }

  /** @param name another worker has another name, which begins with `worker `. */
  startWorker(name = 'worker', difference?: Difference): Promise<Part> {
    return this.startPart(name, { ready: /worker is (ready)/ }, difference);
  }

  /** @param name another proxy has another name, which begins with `proxy `. */
  startProxy(name = 'proxy', difference?: Difference): Promise<Part> {
    return this.startPart(name, { ready: /proxy is ready at (\S+)\n/ }, difference);
  }

  /** Its ready word is where it listens. */
  startControl(): Promise<Part> {
    return this.startPart('control', { ready: /control is ready at (\S+)\n/ });
  }

  get worker(): Part {
    return this.part('worker');
  }

  get proxy(): Part {
    return this.part('proxy');
  }

  get address(): string {
    return this.proxy.readyWord;
  }

  protected override async close(): Promise<void> {
    await super.close();
    await this.temporal.kill();
    if (this.durable !== undefined) rmSync(this.durable, { recursive: true, force: true, maxRetries: 5 });
  }
}
