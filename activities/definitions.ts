import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type ResourceDefinition, revisionOf, stateDir } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';

/**
 * The definitions that instances were booted with, by revision: an awake resource keeps its own until its next
 * boot, beyond reloads and restarts of the worker. Files hold what the configuration holds: references, no
 * resolved secrets.
 */
export class Definitions {
  private readonly known = new Map<string, ResourceDefinition>();

  constructor(private config: Config) {}

  reload(config: Config): void {
    this.config = config;
  }

  get current(): Config {
    return this.config;
  }

  /** Today's definition, remembered under its revision. @throws ReveilleError RESOURCE_UNKNOWN. */
  latest(name: string): { revision: string; definition: ResourceDefinition } {
    const definition = this.config.resources[name];
    if (!definition) throw new ReveilleError('RESOURCE_UNKNOWN', `There is no resource named ${name}`);
    const revision = revisionOf(definition);
    if (!this.known.has(revision)) {
      this.known.set(revision, definition);
      this.keep(revision, definition);
    }
    return { revision, definition };
  }

  /** The definition of a revision; today's where that one was lost. */
  ofRevision(name: string, revision: string): ResourceDefinition {
    const known = this.known.get(revision) ?? this.readKept(revision);
    if (known) this.known.set(revision, known);
    return known ?? this.latest(name).definition;
  }

  private file(revision: string): string {
    return join(stateDir(this.config), 'revisions', `${revision}.json`);
  }

  private keep(revision: string, definition: ResourceDefinition): void {
    const file = this.file(revision);
    const temporary = `${file}.${process.pid}`;
    mkdirSync(join(stateDir(this.config), 'revisions'), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, JSON.stringify(definition), { mode: 0o600 });
    renameSync(temporary, file);
  }

  private readKept(revision: string): ResourceDefinition | undefined {
    try {
      return JSON.parse(readFileSync(this.file(revision), 'utf8')) as ResourceDefinition;
    } catch {
      return undefined;
    }
  }
}
