import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Config,
  definitionOf,
  isMember,
  type Params,
  paramsOfName,
  poolOfMember,
  type ResourceDefinition,
  revisionOf,
  stateDir,
} from '../config/index.js';
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

  /**
   * Today's definition, remembered under its revision; of a member its pool's, which all members share.
   * @param params of a member; not needed where its name tells them.
   * @throws ReveilleError RESOURCE_UNKNOWN.
   */
  latest(name: string, params?: Params): { revision: string; definition: ResourceDefinition } {
    const definition = definitionOf(this.config, name);
    if (!definition) throw new ReveilleError('RESOURCE_UNKNOWN', `There is no resource named ${name}`);
    if (!this.knows(name, params)) {
      const message = `${name} is no member of its pool by what it was asked for with, or nobody said with what`;
      throw new ReveilleError('RESOURCE_UNKNOWN', message);
    }
    const revision = revisionOf(definition);
    if (!this.known.has(revision)) {
      this.known.set(revision, definition);
      this.keep(revision, definition);
    }
    return { revision, definition };
  }

  /** Whether it is a resource of the configuration, or a member that its pool may have. */
  knows(name: string, params?: Params): boolean {
    if (poolOfMember(this.config, name) === undefined) return definitionOf(this.config, name) !== undefined;
    const told = params ?? paramsOfName(this.config, name);
    return told !== undefined && isMember(this.config, name, told);
  }

  /** The definition of a revision; today's where that one was lost. */
  ofRevision(name: string, revision: string, params?: Params): ResourceDefinition {
    const known = this.known.get(revision) ?? this.readKept(revision);
    if (known) this.known.set(revision, known);
    return known ?? this.latest(name, params).definition;
  }

  /** What a member or an instance of a template was made from: told, or read off its name. */
  paramsOf(name: string, definition: ResourceDefinition, told: Params | undefined): Record<string, string> {
    return { ...definition.params, ...(told ?? paramsOfName(this.config, name)) };
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
