import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Phase } from '../../workflows/messages.js';
import { eventually } from './conditions.js';
import { app, House } from './house.js';
import type { JournalEntry, Plan } from './house-base.js';
import { takeBytes } from './house-bytes.js';
import { ask, askForProblem, type HouseAnswer, send } from './house-client.js';

/** What is done to the house while it has a resource in each phase. */
export interface Disturbance {
  disturb: (house: House) => Promise<void>;
  /** Proxies that live on: what they hold is to be answered. */
  survivors?: string[];
}

const PROXIES = ['proxy', 'proxy two'];
const HELD = 10;
const DOWNLOAD_BYTES = 50_000_000;
/** A dead worker's step goes on after its heartbeat timeout, with the pauses between tries: well within this. */
const PATIENCE_MS = 90_000;
/** Nothing here falls asleep, or boots again, by itself. */
const LASTING = { idle: { after: '10m' }, lease: { time: '5m' }, backoff: { first: '5m', max: '5m' } };

const environments = {
  booting: { LISTEN_WHEN: 'booting-may-listen' },
  checking: { HEALTHY_WHEN: 'checking-is-healthy' },
  ready: {},
  draining: {},
  stopping: { END_WHEN: 'stopping-may-end' },
  failed: { LIVE_WHEN: 'never' },
};
type Name = keyof typeof environments;

const plan: Plan = {
  durable: true,
  top: { proxy: { listen: '127.0.0.1:0', drain: '10m' } },
  resources: Object.fromEntries(
    Object.entries(environments).map(([name, env]) => [
      name,
      app(env, { ...LASTING, routes: [{ path: `/${name}`, strip: true }] }),
    ]),
  ),
};

/**
 * A house with two proxies and a resource in each phase, each named after its phase, and requests that wait for it.
 * Then it is disturbed; what has become of each is a test of its own, and so is that nothing is left at the end.
 */
export function inEveryPhase(t: TestContext, { disturb, survivors = PROXIES }: Disturbance): Promise<void> {
  return House.live(plan, async (house) => {
    await house.startProxy('proxy two');
    const scene = new Scene(house, survivors);
    await scene.reach();
    await disturb(house);
    const check = (name: string, body: () => Promise<void>) => t.test(name, () => house.explained(body));
    await check('booting: one instance, and whoever waits is answered', () => scene.started('booting'));
    await check('checking: one instance, and whoever waits is answered', () => scene.started('checking'));
    await check('ready: it serves on', () => scene.servedOn());
    await check('draining: the download ends whole, then the next generation answers', () => scene.drained());
    await check('stopping: it is stopped once, then the next generation answers', () => scene.stopped());
    await check('failed: it stays failed, and nothing boots within its backoff', () => scene.stayedFailed());
    await check('at the end all are stopped, and no process is left', () => scene.leftNothing());
  });
}

class Scene {
  private readonly held = new Map<Name, Promise<HouseAnswer[]>>();
  private firstReady: HouseAnswer | undefined;
  private download: IncomingMessage | undefined;

  constructor(
    private readonly house: House,
    private readonly survivors: string[],
  ) {}

  /** The first instances are ready, then everything is where its name says; what passes by itself comes last. */
  async reach(): Promise<void> {
    const { house } = this;
    const [ready] = await Promise.all([ask(this.url('ready')), ask(this.url('stopping'))]);
    this.firstReady = ready;
    this.download = await send(this.url('draining', `/bytes?size=${DOWNLOAD_BYTES}`));
    await askForProblem(this.url('failed'));
    await this.reaches('failed');
    await Promise.all([house.resources.stop('draining'), house.resources.stop('stopping')]);
    await Promise.all([this.reaches('draining'), this.journaled('stopping', 'term')]);
    for (const name of ['draining', 'stopping', 'checking'] as const) this.hold(name);
    await this.reaches('checking');
    this.hold('booting');
    await this.journaled('booting', 'start');
  }

  async started(name: 'booting' | 'checking'): Promise<void> {
    const { pid } = await this.journaled(name, 'start');
    for (const file of Object.values(environments[name])) this.house.allow(file);
    for (const answer of await this.answered(name)) assert.equal(answer.pid, pid);
    assert.equal(this.journal(name, 'start').length, 1);
    assert.deepEqual(this.house.instancesOf(name), [pid]);
  }

  async servedOn(): Promise<void> {
    const pid = this.firstReady?.pid;
    for (const proxy of this.survivors) assert.equal((await ask(this.url('ready', '/', proxy))).pid, pid);
    assert.deepEqual(this.house.instancesOf('ready'), [pid]);
  }

  async drained(): Promise<void> {
    assert.deepEqual(this.journal('draining', 'term'), [], 'not stopped during the download');
    assert.ok(this.download);
    const { bytes } = await takeBytes(this.download);
    assert.equal(bytes, DOWNLOAD_BYTES);
    await this.followed('draining');
  }

  async stopped(): Promise<void> {
    assert.deepEqual(this.journal('stopping', 'end'), []);
    this.house.allow(environments.stopping.END_WHEN);
    await this.followed('stopping');
  }

  /** The first instance has ended and a second one, of the next generation, has answered all that waited. */
  private async followed(name: Name): Promise<void> {
    const answers = await this.answered(name);
    const [first, second] = this.journal(name, 'start');
    assert.ok(first && second && second.generation > first.generation);
    assert.deepEqual(new Set(answers.map(({ pid }) => pid)), new Set([second.pid]));
    assert.deepEqual(this.house.instancesOf(name), [second.pid]);
    const { pid, at } = await this.journaled(name, 'end');
    assert.equal(pid, first.pid);
    assert.ok(at <= second.at, 'the first was stopped before the second began');
    assert.deepEqual(this.journal(name, 'late'), []);
  }

  async stayedFailed(): Promise<void> {
    const told = await Promise.all(
      this.survivors.map((proxy) => askForProblem(this.url('failed', '/', proxy))),
    );
    for (const { status, body, retryAfter } of told) {
      assert.deepEqual([status, body.code], [503, 'INSTANCE_DIED']);
      assert.ok(Number(retryAfter) > 0 && Number(retryAfter) <= 300, `Retry-After: ${retryAfter}`);
    }
    assert.equal(this.journal('failed', 'start').length, 1);
    assert.deepEqual(this.house.instancesOf('failed'), []);
  }

  async leftNothing(): Promise<void> {
    const { house } = this;
    const names = Object.keys(environments);
    // The leases of a proxy that was killed live on, and are not what is looked at here.
    const force = this.survivors.length < PROXIES.length;
    await Promise.all(names.map((name) => house.resources.stop(name, { force })));
    await Promise.all(names.map((name) => house.untilAsleep(name)));
    await eventually('nothing is left', () => house.beyondParts().length === 0);
    const pids = (entries: JournalEntry[]) => entries.map(({ pid }) => pid).sort();
    const began = house.journal('start').filter(({ resource }) => resource !== 'failed');
    if (!force) assert.deepEqual(pids(house.journal('end')), pids(began), 'each was told to end, once');
  }

  private url(name: Name, path = '/', proxy = 'proxy'): string {
    return this.house.part(proxy).url(`/${name}${path}`);
  }

  private hold(name: Name): void {
    const asked = PROXIES.flatMap((proxy) => {
      const requests = Array.from({ length: HELD }, () => ask(this.url(name, '/', proxy)));
      for (const request of requests) request.catch(() => {});
      return this.survivors.includes(proxy) ? requests : [];
    });
    const all = Promise.all(asked);
    all.catch(() => {});
    this.held.set(name, all);
  }

  private async answered(name: Name): Promise<HouseAnswer[]> {
    const hung = delay(PATIENCE_MS, undefined, { ref: false }).then(() => {
      throw new Error(`what waits for ${name} was not answered`);
    });
    return await Promise.race([this.held.get(name) ?? [], hung]);
  }

  private async reaches(phase: Phase & Name): Promise<void> {
    const { resources } = this.house;
    await eventually(`${phase} is ${phase}`, async () => (await resources.ready(phase))?.phase === phase);
  }

  private journal(name: Name, event: JournalEntry['event']): JournalEntry[] {
    return this.house.journal(event).filter(({ resource }) => resource === name);
  }

  private async journaled(name: Name, event: JournalEntry['event']): Promise<JournalEntry> {
    return await eventually(`${name}: ${event}`, () => this.journal(name, event)[0], PATIENCE_MS);
  }
}
