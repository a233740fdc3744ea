import { readFileSync } from 'node:fs';
import { eventually } from './conditions.js';
import { HouseBase, type Plan } from './house-base.js';
import type { Part } from './house-part.js';
import { freePorts } from './ports.js';

/** How the command line of each part below `up` begins. */
const COMMANDS = {
  temporal: /^\S*temporal server start-dev/,
  worker: /^reveille worker/,
  proxy: /^reveille proxy/,
  control: /^reveille control/,
} as const;
export type PartName = keyof typeof COMMANDS;
export const PART_NAMES = Object.keys(COMMANDS) as PartName[];

/** `reveille up` for real, with its own Temporal on a database that outlives it. */
export class WholeHouse extends HouseBase {
  private constructor(
    readonly address: string,
    readonly control: string,
    plan: Plan,
    top: { proxy: object; control: object; temporal: object },
  ) {
    super({ ...plan, top: { ...plan.top, proxy: { ...top.proxy, ...(plan.top?.proxy as object) } } }, top);
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

  /** Pids of all that is this part; more than one while one ends and the next has begun. */
  pidsOf(part: PartName): number[] {
    return this.living().filter((pid) => COMMANDS[part].test(commandOf(pid)));
  }

  /** Sends a signal to the part that runs; by SIGKILL it is gone afterwards. @returns its pid. */
  async signal(part: PartName, signal: NodeJS.Signals): Promise<number> {
    const pid = await eventually(`${part} runs`, () => this.pidsOf(part).at(-1));
    process.kill(pid, signal);
    if (signal === 'SIGKILL') await eventually(`${part} is gone`, () => !this.living().includes(pid));
    return pid;
  }

  /** Sends a signal, and waits until another process is that part and everything serves. */
  async restart(part: PartName, signal: NodeJS.Signals): Promise<void> {
    await this.untilRestarted(part, await this.signal(part, signal));
  }

  /** Waits until another process than that is the part and everything serves: queries need Temporal and a worker. */
  async untilRestarted(part: PartName, former: number): Promise<void> {
    const other = () => this.pidsOf(part).some((pid) => pid !== former);
    await eventually(`${part} is started again`, other, 60_000);
    await eventually(`${part} serves again`, () => this.allServe(), 60_000);
  }

  private async allServe(): Promise<boolean> {
    const ready = await fetch(`http://${this.control}/readyz`);
    await ready.body?.cancel();
    const [name = ''] = Object.keys(this.config.resources);
    return ready.ok && (await this.resources.status(name)) !== undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}
