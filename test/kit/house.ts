import { HouseBase, type Plan } from './house-base.js';
import type { Part } from './house-part.js';
import { TemporalServer } from './temporal-server.js';

export { app } from './house-base.js';

/** Reveille for real in a folder of its own: Temporal, worker and proxy are processes, and so are instances. */
export class House extends HouseBase {
  private constructor(
    readonly temporal: TemporalServer,
    plan: Plan,
  ) {
    super(plan, { proxy: { listen: '127.0.0.1:0' }, temporal: { address: temporal.address } });
  }

  /** Runs a test in a house of its own. */
  static async live(plan: Plan, body: (house: House) => Promise<void>): Promise<void> {
    const house = new House(await TemporalServer.start(), plan);
    await house.run(async () => {
      await Promise.all([house.startWorker(), house.startProxy()]);
      await body(house);
    });
  }

  async startWorker(): Promise<void> {
    await this.startPart('worker', { ready: /worker is (ready)/ });
  }

  async startProxy(): Promise<void> {
    await this.startPart('proxy', { ready: /proxy is ready at (\S+)\n/ });
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
  }
}
