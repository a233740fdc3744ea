import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ReveilleError } from '../../../errors/index.js';
import { createOnce, readIfThere } from '../../host/atomic.js';
import type { Info } from './state.js';

/** Generations of which marks are kept. */
const KEPT = 20;

/**
 * What this host keeps of one resource, in `<state>/docker/<name>/`: files that are created once and never changed.
 * - `G.begun`: a boot of generation G has begun, or G was adopted.
 * - `G.sealed`: a stop of G has begun. Written before the stop looks at containers, and looked for after a container is
 *   there and before it is started: so nothing is started for a generation after its stop.
 * - `G.started.ID`: how G found the container: paused, or when it had been started the last time.
 */
export class Record {
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
    return readIfThere(join(this.folder, `${generation}.sealed`)) !== undefined;
  }

  /** The youngest generation whose boot has begun; 0 where none has. */
  newest(): number {
    const begun = this.entries().filter((entry) => entry.endsWith('.begun'));
    return Math.max(0, ...begun.map((entry) => Number.parseInt(entry, 10)));
  }

  /**
   * Notes, once, how a generation found a container that it is about to start.
   * @returns whether it is as it was found: neither started nor set going again since.
   */
  noteStart(generation: number, { Id, State }: Pick<Info, 'Id' | 'State'>): boolean {
    const file = `${generation}.started.${Id.slice(0, 12)}`;
    const now = State.Paused ? 'paused' : State.StartedAt;
    this.mark(file, now);
    return readIfThere(join(this.folder, file)) === now;
  }

  private mark(name: string, content: string): void {
    const scratch = join(this.folder, 'tmp');
    mkdirSync(scratch, { recursive: true, mode: 0o700 });
    createOnce(join(this.folder, name), content, scratch);
  }

  private entries(): string[] {
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
