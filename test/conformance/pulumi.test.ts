import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Desk } from './desk.js';
import { Processes } from './process-engine.js';
import type { Engine, Place } from './subject.js';
import { conformance } from './suite.js';

/** Makes a folder, and has the application run there as a process of the worker's machine. */
const TEMPLATE = `
module.exports = ({ folder, command, env }, { pulumi, name }) => {
  class Made extends pulumi.dynamic.Resource {}
  const provider = {
    async create({ folder }) {
      require('node:fs').mkdirSync(folder);
      return { id: folder, outs: { folder } };
    },
    async delete(id) {
      require('node:fs').rmSync(id, { recursive: true, force: true });
    },
  };
  const { id: cwd } = new Made(provider, name, { folder });
  return { provider: 'process', settings: { command, env, cwd, grace: '60s' } };
};
`;

/** Stacks of a template whose instances are processes. */
class Stacks implements Engine {
  private readonly folder = mkdtempSync(join(tmpdir(), 'reveille-stacks-'));
  private readonly processes = new Processes();
  private readonly made = new Map<string, string>();
  readonly env = { PULUMI_HOME: join(this.folder, 'pulumi-home') };

  constructor() {
    writeFileSync(join(this.folder, 'template.cjs'), TEMPLATE);
    mkdirSync(join(this.folder, 'made'));
  }

  resource(name: string, desk: Desk): Record<string, unknown> {
    const folder = join(this.folder, 'made', desk.mark(name).replace('/', '-'));
    this.made.set(desk.mark(name), folder);
    const { command, env } = this.processes.settings(name, desk);
    const pulumi = {
      template: join(this.folder, 'template.cjs'),
      args: { folder, command, env },
      keepsAddress: true,
    };
    return { provider: 'pulumi', pulumi };
  }

  running(name: string, place: Place): Promise<string[]> {
    return this.processes.running(name, place);
  }

  async remains(name: string, place: Place): Promise<string[]> {
    const made = this.made.get(place.desk.mark(name)) ?? '';
    const state = join(place.stateDir, 'pulumi-state/.pulumi/stacks');
    const files = existsSync(state) ? readdirSync(state, { recursive: true }).map(String) : [];
    return [
      ...(await this.processes.remains(name, place)),
      ...(existsSync(made) ? [made] : []),
      ...files.filter((file) => file.endsWith(`/${name}.json`)),
    ];
  }

  kill(name: string, place: Place): Promise<void> {
    return this.processes.kill(name, place);
  }

  breakStops(name: string, place: Place): Promise<() => void> {
    return this.processes.breakStops(name, place);
  }

  async close(): Promise<void> {
    await this.processes.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

conformance({ provider: 'pulumi', needs: ['pulumi'], suspends: true, open: async () => new Stacks() });
