import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLive, readStat } from '../../activities/host/groups/identity.js';
import type { BootRequest, Provider, ProviderContext } from '../../activities/providers/contract.js';
import { ProcessProvider } from '../../activities/providers/process/provider.js';
import type { QemuProvider } from '../../activities/providers/qemu/provider.js';
import { type Config, configSchema, createLogger } from '../../config/index.js';

/** What a test may leave out of a resource's process settings: all but the command. */
export interface Settings {
  command: readonly string[];
  [key: string]: unknown;
}

/** A host of its own for a test, in a folder of its own; all that was started on it ends with the test. */
export class ProcessHost {
  readonly config: Config;
  readonly stateDir: string;
  readonly provider: Provider;

  constructor(
    readonly folder: string,
    readonly resources: Readonly<Record<string, object>>,
    private readonly Kind: typeof ProcessProvider | typeof QemuProvider = ProcessProvider,
  ) {
    this.config = {
      ...configSchema.parse({ resources, worker: { ports: portsFor(folder) } }),
      file: undefined,
      folder,
    };
    this.stateDir = join(folder, 'state');
    this.provider = this.anotherWorker();
  }

  /** A provider as another worker on the same host has it. */
  anotherWorker(): Provider {
    const log = createLogger('test', 'error');
    return new this.Kind({ config: this.config, stateDir: this.stateDir, host: 'test-host', log });
  }

  request(name: string, generation: number, revision = 'r1'): BootRequest {
    const definition = this.config.resources[name];
    if (definition === undefined) throw new Error(`no resource ${name}`);
    return { name, params: {}, generation, definition, revision };
  }

  boot(name: string, generation: number, provider = this.provider) {
    return provider.boot(this.request(name, generation), quietContext());
  }

  stop(name: string, generation: number, then: 'stop' | 'suspend' | 'delete' = 'stop', force = false) {
    return this.provider.stop(this.request(name, generation), undefined, { then, force }, quietContext());
  }

  inspect(name: string, instance: Parameters<Provider['inspect']>[1]) {
    return this.provider.inspect(this.request(name, instance.generation), instance, quietContext());
  }

  async end(): Promise<void> {
    for (const { name, instance } of await this.provider.list(quietContext())) {
      const request = { ...this.request(name, Math.max(instance.generation, Date.now())) };
      await this.provider.stop(request, undefined, { then: 'delete', force: true }, quietContext());
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A host whose resources run these commands; see `ProcessHost`. */
export function processHost(t: TestContext, settings: Readonly<Record<string, Settings>>): ProcessHost {
  const resources = Object.fromEntries(
    Object.entries(settings).map(([name, process]) => [name, { provider: 'process', process }]),
  );
  return hostOf(t, resources);
}

/** As `processHost`, with whole resources. */
export function hostOf(t: TestContext, resources: Readonly<Record<string, object>>): ProcessHost {
  const host = new ProcessHost(mkdtempSync(join(tmpdir(), 'reveille-process-')), resources);
  t.after(() => host.end());
  return host;
}

export function quietContext(heartbeat: (progress?: string) => void = () => undefined): ProviderContext {
  return { signal: new AbortController().signal, heartbeat };
}

/** Waits until something holds; fails, naming it, only when it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (await holds()) return;
    await sleep(10);
  }
  throw new Error(`never: ${what}`);
}

/** A zombie is dead, however long nobody asks for its exit code. */
export function isAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== undefined && isLive(stat);
}

/** Tests run at once: each folder has a range that others are unlikely to have, in every worker the same. */
function portsFor(folder: string): string {
  const low = 21_000 + 40 * (createHash('sha256').update(folder).digest().readUInt16BE() % 200);
  return `${low}-${low + 39}`;
}
