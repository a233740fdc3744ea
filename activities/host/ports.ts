import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Config, leaseTime, type ResourceDefinition } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import { createOnce, readIfThere } from './atomic.js';
import { bootId } from './boot-id.js';

/** Whose a port is, or was. */
interface Holding {
  readonly resource: string;
  readonly generation: number;
  readonly boot: string;
  /** How long (ms) after its end the port is given to nobody else (leases.md 14). */
  readonly quarantineMs: number;
  /** Clock time (ms) from which another resource may have it; absent while it is in use. */
  readonly freeFrom?: number;
}
interface Entry {
  readonly holding: Holding;
  /** Grows by one with each change. */
  readonly version: number;
}

export interface Wanted {
  readonly resource: string;
  readonly generation: number;
  /** The one that it had the last time. */
  readonly last: number | undefined;
  /** First and last port that may be given out. */
  readonly range: readonly [number, number];
  /** Ports that belong to somebody else. */
  readonly excluded: ReadonlySet<number>;
  /** As in the ledger, should the port be given out. */
  readonly quarantineMs: number;
}

/**
 * Which resource has which port of this host. Each port has a folder in which every change is a file named by
 * its version, created once with its content: of two workers that change the same version one wins, and a
 * paused one that comes back finds its version outdated. Older versions are removed, the newest never is.
 */
export class Ports {
  constructor(private readonly folder: string) {}

  /**
   * A port for a generation: the resource's last where that can be had, else one at random. A listener of
   * anybody's on it rules it out.
   * @throws ReveilleError NO_PORT, STALE_GENERATION.
   */
  async acquire(wanted: Wanted, signal: AbortSignal): Promise<number> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    for (const port of candidates(wanted)) {
      signal.throwIfAborted();
      if (!this.take(port, wanted)) continue;
      if (await isFree(port)) return port;
      this.giveBack(port, wanted.resource, wanted.generation);
    }
    throw new ReveilleError('NO_PORT', `no port of ${wanted.range.join('-')} is free`);
  }

  /** A younger generation of the resource uses the port from now on. */
  handOver(port: number, resource: string, generation: number): void {
    const entry = this.read(port);
    if (entry?.holding.resource !== resource || entry.holding.generation >= generation) return;
    this.write(port, { ...entry.holding, generation }, entry.version);
  }

  /** A port that was given out and not used. As `release`, but free at once. */
  giveBack(port: number, resource: string, generation: number): void {
    this.end(port, resource, generation, () => Date.now());
  }

  /** Ends a generation's use of a port; nothing happens where a younger one or another resource has it. */
  release(port: number, resource: string, generation: number): void {
    this.end(port, resource, generation, ({ quarantineMs }) => Date.now() + quarantineMs);
  }

  private end(
    port: number,
    resource: string,
    generation: number,
    freeFrom: (holding: Holding) => number,
  ): void {
    for (;;) {
      const entry = this.read(port);
      if (entry === undefined || entry.holding.freeFrom !== undefined) return;
      if (entry.holding.resource !== resource || entry.holding.generation > generation) return;
      const ended = { ...entry.holding, freeFrom: freeFrom(entry.holding) };
      if (this.write(port, ended, entry.version)) return;
    }
  }

  private take(port: number, { resource, generation, quarantineMs }: Wanted): boolean {
    const entry = this.read(port);
    const mine: Holding = { resource, generation, boot: bootId(), quarantineMs };
    if (entry === undefined) return this.write(port, mine, 0);
    const { holding, version } = entry;
    if (holding.resource === resource && holding.freeFrom === undefined && holding.generation > generation) {
      throw new ReveilleError('STALE_GENERATION', `generation ${holding.generation} has the port`);
    }
    if (holding.resource !== resource && holding.freeFrom === undefined && holding.boot !== bootId()) {
      // Its owner ended with the host, unseen: proxies elsewhere may still hold leases.
      const quarantine = Math.max(quarantineMs, holding.quarantineMs);
      this.write(port, { ...holding, freeFrom: Date.now() + quarantine }, version);
      return false;
    }
    const free = (holding.freeFrom ?? Number.POSITIVE_INFINITY) <= Date.now();
    return (free || holding.resource === resource) && this.write(port, mine, version);
  }

  private read(port: number): Entry | undefined {
    for (;;) {
      const version = newest(this.versions(port));
      if (version === 0) return undefined;
      const text = readIfThere(this.file(port, version));
      // Gone between the two looks: a newer one is there.
      if (text !== undefined) return { version, holding: parseHolding(text) };
    }
  }

  /** @returns false where somebody else was first. */
  private write(port: number, holding: Holding, after: number): boolean {
    mkdirSync(this.portFolder(port), { recursive: true, mode: 0o700 });
    const version = after + 1;
    if (!createOnce(this.file(port, version), JSON.stringify(holding), this.folder)) return false;
    const versions = this.versions(port);
    if (newest(versions) > version) {
      rmSync(this.file(port, version), { force: true });
      return false;
    }
    for (const old of versions) if (old < version) rmSync(this.file(port, old), { force: true });
    return true;
  }

  private versions(port: number): number[] {
    try {
      return readdirSync(this.portFolder(port)).map(Number).filter(Number.isSafeInteger);
    } catch {
      return [];
    }
  }

  private portFolder(port: number): string {
    return join(this.folder, String(port));
  }

  private file(port: number, version: number): string {
    return join(this.portFolder(port), String(version));
  }
}

const newest = (versions: readonly number[]): number => Math.max(0, ...versions);

/** One that a crash of the host left unreadable is taken as held by somebody whom that crash ended. */
function parseHolding(text: string): Holding {
  try {
    const { resource, generation, boot, quarantineMs, freeFrom } = JSON.parse(text);
    if (typeof resource === 'string' && Number.isSafeInteger(generation) && Number.isFinite(quarantineMs)) {
      const free = typeof freeFrom === 'number' ? { freeFrom } : {};
      return { resource, generation, boot, quarantineMs, ...free };
    }
  } catch {
    // As below.
  }
  return { resource: '', generation: 0, boot: '', quarantineMs: 0 };
}

function* candidates({ last, range: [low, high], excluded }: Wanted): Generator<number> {
  const fits = (port: number) => port >= low && port <= high && !excluded.has(port);
  if (last !== undefined && fits(last)) yield last;
  const count = high - low + 1;
  const start = Math.floor(Math.random() * count);
  for (let offset = 0; offset < count; offset++) {
    const port = low + ((start + offset) % count);
    if (port !== last && fits(port)) yield port;
  }
}

/** Looks at every address at once, by listening on all of them. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Where automatic ports come from: the range, without what resources have for themselves. */
export function portRules({ worker, resources }: Config): { range: [number, number]; excluded: Set<number> } {
  const [low = 0, high = 0] = worker.ports.split('-').map(Number);
  const fixed = Object.values(resources).map(({ endpoint }) => endpoint.port);
  const forwarded = Object.values(resources).flatMap(({ qemu }) => qemu?.forwards ?? []);
  const ports = [...fixed.filter((port) => port !== 'auto'), ...forwarded.map(({ host }) => host)];
  return { range: [low, high], excluded: new Set(ports) };
}

/** What proxies may still do after their leases have ended by our clock: leases.md 3, and some more. */
const MARGIN_MS = 5000;

/** How long after its end (ms) a resource's port is given to nobody else: leases.md 14. */
export const quarantineOf = (definition: ResourceDefinition): number =>
  leaseTime(definition) + definition.lease.stretch + MARGIN_MS;
