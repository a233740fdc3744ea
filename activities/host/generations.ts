import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../errors/index.js';
import { createOnce, readIfThere } from './atomic.js';

/** Generations of which marks are kept. */
const KEPT = 20;

/**
 * What a host keeps of one resource's generations, in a folder: files that are created once and never changed.
 * - `G.begun`: a boot of generation G has begun, or G was adopted.
 * - `G.sealed`: a stop of G has begun. Written before the stop looks at what runs, and looked for before something is
 *   created or started: so nothing is started for a generation after its stop.
 */
export class Generations {
  constructor(private readonly folder: string) {}

  /** @throws ReveilleError STALE_GENERATION where a younger generation exists, or this one was stopped. */
  begin(generation: number): void {
    this.mark(`${generation}.begun`, '');
    this.check(generation);
    this.prune();
  }

  /** As `begin`, at any later time. */
  check(generation: number): void {
    const younger = this.newest();
    if (younger > generation) {
      const message = `generation ${younger} exists, ${generation} is too old`;
      throw new ReveilleError('STALE_GENERATION', message, { younger });
    }
    if (this.isSealed(generation)) {
      throw new ReveilleError('STALE_GENERATION', `generation ${generation} has been stopped`);
    }
  }

  seal(generation: number): void {
    this.mark(`${generation}.sealed`, '');
  }

  isSealed(generation: number): boolean {
    return this.read(`${generation}.sealed`) !== undefined;
  }

  /** The youngest generation whose boot has begun; 0 where none has. */
  newest(): number {
    const begun = this.entries().filter((entry) => entry.endsWith('.begun'));
    return Math.max(0, ...begun.map((entry) => Number.parseInt(entry, 10)));
  }

  /** @returns whether this call made it. */
  protected mark(name: string, content: string): boolean {
    const scratch = join(this.folder, 'tmp');
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    return createOnce(join(this.folder, name), content, scratch);
  }

  protected read(name: string): string | undefined {
    return readIfThere(join(this.folder, name));
  }

  protected entries(): string[] {
    try {
      return readdirSync(this.folder).filter((entry) => /^\d+\./.test(entry));
    } catch {
      return [];
    }
  }

  /** Forgets all but the youngest generations. */
  private prune(): void {
    const entries = this.entries();
    const numbers = new Set(entries.map((entry) => Number.parseInt(entry, 10)));
    const kept = new Set([...numbers].sort((a, b) => b - a).slice(0, KEPT));
    for (const entry of entries) {
      if (!kept.has(Number.parseInt(entry, 10))) rmSync(join(this.folder, entry), { force: true });
    }
  }
}
