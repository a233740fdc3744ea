import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootRequest, ProviderContext } from '../../activities/providers/contract.js';
import { GceProvider } from '../../activities/providers/gce/provider.js';
import { parseConfig } from '../../config/index.js';
import type { StopMode } from '../../workflows/messages.js';
import { silentLog } from '../kit/silent-log.js';
import { FakeCompute } from './fake/compute.js';
import type { FakeMachine } from './fake/machine.js';

export const ZONE = 'us-central1-a';
/** Longer than anything here takes. */
const LIMIT_MS = 50_000;

/** The provider, without workflow, and a fake of Compute Engine that it talks to. */
export class Bench {
  readonly beats: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'reveille-gce-'));

  private constructor(readonly compute: FakeCompute) {}

  static async live(body: (bench: Bench) => Promise<void>): Promise<void> {
    const bench = new Bench(await FakeCompute.open());
    try {
      await body(bench);
    } finally {
      rmSync(bench.folder, { recursive: true, force: true });
      await bench.compute.close();
    }
  }

  /** A worker of its own host, with resources as in reveille.yaml: what `gce` says beside where the fake is. */
  worker(resources: Record<string, Record<string, unknown>>, host = 'one'): Worker {
    const api = { project: 'some-project', zone: ZONE, api: this.compute.url, patience: '20s' };
    const whole = Object.entries(resources).map(([name, { gce, ...rest }]) => {
      return [name, { provider: 'gce', gce: { ...api, ...(gce as object) }, ...rest }];
    });
    const text = JSON.stringify({ site: 'bench', resources: Object.fromEntries(whole) });
    return new Worker(this, text, join(this.folder, host));
  }

  /** The one machine that there is. */
  get machine(): FakeMachine {
    const [machine, ...others] = this.compute.project.machines;
    assert.ok(machine !== undefined && others.length === 0, 'there is one machine');
    return machine;
  }

  /** What the machine that was inserted last was inserted with. */
  get spec(): Record<string, unknown> {
    const last = this.compute.inserted.at(-1);
    assert.ok(last, 'a machine was inserted');
    return { ...last.body };
  }
}

export class Worker {
  readonly provider: GceProvider;
  private readonly config;

  constructor(
    private readonly bench: Bench,
    config: string,
    stateDir: string,
  ) {
    this.config = { ...parseConfig(config, 'reveille.yaml'), file: undefined, folder: stateDir };
    this.provider = new GceProvider({ config: this.config, stateDir, host: 'host', log: silentLog });
  }

  request(generation: number, name = 'backend'): BootRequest {
    const definition = this.config.resources[name];
    assert.ok(definition);
    return { name, generation, params: {}, revision: 'r1', definition };
  }

  context(signal = AbortSignal.timeout(LIMIT_MS)): ProviderContext {
    return { signal, heartbeat: (text = '') => void this.bench.beats.push(text) };
  }

  async boot(generation: number, name?: string) {
    return this.provider.boot(this.request(generation, name), this.context());
  }

  stop(generation: number, then: StopMode = 'stop') {
    return this.provider.stop(this.request(generation), undefined, { then, force: false }, this.context());
  }

  inspect(instance: Parameters<GceProvider['inspect']>[1]) {
    return this.provider.inspect(this.request(instance.generation), instance, this.context());
  }
}
