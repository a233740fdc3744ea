import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './conditions.js';
import { House } from './house.js';

/** An up that was cut off is done again after the loss of its worker was noticed. */
export const PATIENCE_MS = 120_000;

/**
 * A template whose one resource is a folder. Its create and its delete begin by a file of their name, and go on once
 * there is one named `go-NAME`.
 */
const SLOW = `
module.exports = (args, { pulumi, name, configFolder }) => {
  class Slow extends pulumi.dynamic.Resource {}
  const step = async (base, name) => {
    const fs = require('node:fs');
    fs.appendFileSync(base + '/' + name, 'begun\\n');
    while (!fs.existsSync(base + '/go-' + name)) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const provider = {
    async create({ base }) {
      await step(base, 'create');
      require('node:fs').mkdirSync(base + '/made', { recursive: true });
      return { id: 'made', outs: { base } };
    },
    async delete(id, { base }) {
      await step(base, 'delete');
      require('node:fs').rmSync(base + '/made', { recursive: true, force: true });
    },
  };
  const made = new Slow(provider, name, { base: configFolder });
  const command = [process.execPath, '-e', "require('node:http').createServer((q, r) => r.end('up')).listen(process.env.PORT)"];
  return { provider: 'process', settings: pulumi.output(made.id).apply(() => ({ command })) };
};
`;

/** A template that makes a folder, and forgets to say who wakes what. */
const HALF = `
module.exports = (args, { pulumi, name, configFolder }) => {
  class Half extends pulumi.dynamic.Resource {}
  const provider = {
    async create({ base }) {
      require('node:fs').mkdirSync(base + '/made');
      return { id: 'made', outs: { base } };
    },
    async delete(id, { base }) {
      require('node:fs').rmdirSync(base + '/made');
    },
  };
  new Half(provider, name, { base: configFolder });
  return {};
};
`;

/** A house with one resource of the provider `pulumi`, at `/`, in files of its own. */
export class PulumiHouse {
  private constructor(readonly house: House) {}

  static live(pulumi: Record<string, unknown>, body: (house: PulumiHouse) => Promise<void>): Promise<void> {
    const resources = {
      site: { provider: 'pulumi', pulumi, routes: [{ path: '/' }], lease: { stretch: 0 } },
    };
    const furnish = (folder: string) => {
      writeFileSync(join(folder, 'slow.cjs'), SLOW);
      writeFileSync(join(folder, 'half.cjs'), HALF);
      return { PULUMI_HOME: join(folder, 'pulumi-home') };
    };
    return House.live({ resources, furnish }, (house) => body(new PulumiHouse(house)));
  }

  async answer(): Promise<string> {
    const response = await fetch(this.house.url('/'));
    const text = (await response.text()).trim();
    return response.ok ? text : `${response.status} ${text}\n${this.log}`;
  }

  /** How often the engine was asked to do that. */
  count(kind: 'up' | 'destroy'): number {
    return this.log.split(`, pulumi ${kind}, `).length - 1;
  }

  get log(): string {
    return this.read('.reveille/pulumi/site/log');
  }

  private read(name: string): string {
    const file = this.house.path(name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async stop(): Promise<void> {
    await this.house.resources.stop('site');
    await this.untilAsleep();
  }

  /** After a kill, a step is done again only when its loss was noticed, and Pulumi takes its time. */
  async untilAsleep(): Promise<void> {
    const isAsleep = async () => (await this.house.resources.openRun('site')) === undefined;
    await eventually('it is asleep', isAsleep, PATIENCE_MS);
  }

  /** Files of stacks and locks in Pulumi's state. */
  get state(): string[] {
    const folder = this.house.path('.reveille/pulumi-state/.pulumi');
    const files = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
    return files.filter((file) => /^(stacks|locks)\/.*\.json$/.test(file));
  }

  get locks(): string[] {
    return this.state.filter((file) => file.startsWith('locks/'));
  }

  /** A step of the slow template has begun so often. */
  async begun(step: 'create' | 'delete', times = 1): Promise<void> {
    const count = () => this.read(step).split('begun').length - 1;
    await eventually(`${step} has begun ${times} times`, () => count() >= times, PATIENCE_MS);
  }

  /** Ends by SIGKILL the worker and all that it has started, in whatever group or session. */
  async killAll(): Promise<void> {
    await this.house.worker.end('SIGKILL');
    await eventually('all have ended', () => {
      const all = this.house.beyondParts();
      for (const pid of all) process.kill(pid, 'SIGKILL');
      return all.length === 0;
    });
  }
}
