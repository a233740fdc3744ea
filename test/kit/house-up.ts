import { HouseBase, type Plan } from './house-base.js';
import type { Part } from './house-part.js';
import { freePorts } from './up.js';

/** `reveille up` for real, with its own Temporal on a database that outlives it. */
export class WholeHouse extends HouseBase {
  private constructor(
    readonly address: string,
    readonly control: string,
    plan: Plan,
    top: object,
  ) {
    super(plan, top);
  }

  /** Runs a test in a house of its own, with `up` started. */
  static async live(plan: Plan, body: (house: WholeHouse) => Promise<void>): Promise<void> {
    const [proxy, control, port, uiPort] = await freePorts(4);
    const [at, controlAt] = [`127.0.0.1:${proxy}`, `127.0.0.1:${control}`];
    const house = new WholeHouse(at, controlAt, plan, {
      proxy: { listen: at },
      control: { listen: controlAt },
      temporal: { embedded: { port, uiPort } },
    });
    await house.run(async () => {
      await house.startUp();
      await body(house);
    });
  }

  async startUp(): Promise<void> {
    await this.startPart('up', { ready: /(Reveille is up)/, ownGroup: true });
  }

  get up(): Part {
    return this.part('up');
  }
}
