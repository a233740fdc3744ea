import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootRequest, Provider, ProviderContext } from '../../activities/providers/contract.js';
import { createProviders } from '../../activities/providers/table.js';
import { configSchema, type ProviderName } from '../../config/index.js';
import type { Phase } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { silentLog } from '../kit/silent-log.js';
import { Desk } from './desk.js';
import type { Engine, Place } from './subject.js';

/** A dead or paused worker's step goes on after its heartbeat timeout, with the pauses between tries. */
export const PATIENCE_MS = 90_000;
/** Nothing falls asleep by itself. */
const LASTING = { idle: { after: '10m' }, lease: { time: '5m' }, backoff: { first: '100ms', max: '1s' } };

/** Resources by name, each with what it differs in from the others. */
export type Resources = Record<string, Record<string, unknown>>;

/** A house whose resources run the application of the suite. */
export class Scene implements Place {
  private constructor(
    readonly house: House,
    readonly desk: Desk,
    private readonly engine: Engine,
  ) {}

  /** @param slots of each worker, for boots and for stops. */
  static async live(
    engine: Engine,
    { resources, slots = 10 }: { resources: Resources; slots?: number },
    body: (scene: Scene) => Promise<void>,
  ): Promise<void> {
    const desk = await Desk.open();
    try {
      const plan = {
        resources: definitions(engine, desk, resources),
        top: { ...engine.top, worker: { boots: slots, stops: slots } },
        ...(engine.env === undefined ? {} : { furnish: () => engine.env ?? {} }),
      };
      await House.live(plan, (house) => body(new Scene(house, desk, engine)));
    } finally {
      await desk.close();
    }
  }

  get stateDir(): string {
    return this.house.path('.reveille');
  }

  /** The id of the instance that answers; anything but its answer is an error. */
  async ask(name: string, proxy = 'proxy'): Promise<string> {
    const response = await fetch(this.house.part(proxy).url(`/${name}/`));
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text.trim();
  }

  /** Asks, and waits no longer than a worker's loss may cost. */
  async answered(asked: Promise<string>): Promise<string> {
    let answer: string | undefined;
    let failure: unknown;
    asked.then(
      (text) => {
        answer = text;
      },
      (error) => {
        failure = error;
      },
    );
    const settled = () => answer !== undefined || failure !== undefined;
    await eventually('it is answered', settled, PATIENCE_MS);
    if (answer === undefined) throw failure;
    return answer;
  }

  running(name: string): Promise<string[]> {
    return this.engine.running(name, this);
  }

  async isOne(name: string): Promise<void> {
    assert.equal((await this.running(name)).length, 1, `${name}: ${await this.running(name)}`);
  }

  async untilGone(name: string): Promise<void> {
    await eventually(`nothing of ${name} runs`, async () => (await this.running(name)).length === 0);
  }

  async inPhase(name: string, phase: Phase): Promise<void> {
    const isThere = async () => (await this.house.resources.ready(name))?.phase === phase;
    await eventually(`${name} is ${phase}`, isThere, PATIENCE_MS);
  }

  async untilAsleep(name: string): Promise<void> {
    const isAsleep = async () => (await this.house.resources.openRun(name)) === undefined;
    await eventually(`${name} is asleep`, isAsleep, PATIENCE_MS);
  }
}

/** A provider without a workflow, in this process: for what it owes to whoever calls it twice. */
export class Bare implements Place {
  private constructor(
    readonly desk: Desk,
    readonly stateDir: string,
    private readonly provider: Provider,
    private readonly definition: (name: string) => BootRequest['definition'],
  ) {}

  static async live(
    engine: Engine,
    kind: ProviderName,
    names: readonly string[],
    body: (bare: Bare) => Promise<void>,
  ): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'reveille-bare-'));
    const desk = await Desk.open();
    try {
      const resources = definitions(engine, desk, Object.fromEntries(names.map((name) => [name, {}])));
      const config = { ...configSchema.parse({ resources }), file: undefined, folder };
      const stateDir = join(folder, '.reveille');
      Object.assign(process.env, engine.env);
      const services = { config, stateDir, host: 'test-host', log: silentLog };
      const definition = (name: string) => {
        const found = config.resources[name];
        if (found === undefined) throw new Error(`no resource ${name}`);
        return found;
      };
      await body(new Bare(desk, stateDir, createProviders(services)[kind], definition));
    } finally {
      await desk.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }

  request(name: string, generation: number): BootRequest {
    return { name, generation, params: {}, revision: 'r1', definition: this.definition(name) };
  }

  boot(name: string, generation: number) {
    return this.provider.boot(this.request(name, generation), context());
  }

  inspect(name: string, instance: Parameters<Provider['inspect']>[1]) {
    return this.provider.inspect(this.request(name, instance.generation), instance, context());
  }

  stop(name: string, generation: number, then: 'stop' | 'delete' = 'stop') {
    return this.provider.stop(this.request(name, generation), undefined, { then, force: false }, context());
  }

  /** Names of what reconcile would find. */
  async listed(): Promise<string[]> {
    return (await this.provider.list(context())).map(({ name }) => name);
  }

  log(name: string): Promise<string> {
    return this.provider.logTail({ name, definition: this.definition(name) }, 10_000);
  }
}

const context = (): ProviderContext => ({ signal: new AbortController().signal, heartbeat: () => {} });

function definitions(engine: Engine, desk: Desk, resources: Resources): Resources {
  const whole = ([name, rest]: [string, Record<string, unknown>]) => {
    const routes = [{ path: `/${name}`, strip: true }];
    return [name, { ...engine.resource(name, desk), ...LASTING, routes, ...rest }];
  };
  return Object.fromEntries(Object.entries(resources).map(whole));
}
