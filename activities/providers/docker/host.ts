import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import {
  type Config,
  createMasker,
  type Logger,
  type ResourceDefinition,
  secretsOf,
  settingsOf,
} from '../../../config/index.js';
import type { Endpoint, Instance } from '../../../workflows/messages.js';
import { ownerOf } from '../../host/owner.js';
import { Ports, portRules, quarantineOf } from '../../host/ports.js';
import type { HostServices } from '../../host/services.js';
import type { BootRequest } from '../contract.js';
import { engineAt } from './engine.js';
import { Record } from './record.js';

/** What all containers of this host share. */
export class Host {
  readonly ports: Ports;
  private readonly folder: string;
  private knownOwner: string | undefined;

  constructor(private readonly services: HostServices) {
    this.folder = join(services.stateDir, 'docker');
    this.ports = new Ports(join(services.stateDir, 'ports'));
  }

  get config(): Config {
    return this.services.config;
  }

  get log(): Logger {
    return this.services.log;
  }

  /** Names what was created on behalf of this state folder: other Reveilles may use the same engine. */
  get owner(): string {
    this.knownOwner ??= ownerOf(this.folder);
    return this.knownOwner;
  }

  /** Whether anything was ever started here. */
  get isUsed(): boolean {
    return existsSync(this.folder);
  }

  engine(definition: ResourceDefinition): Docker {
    return engineAt(settingsOf(definition, 'docker').engine);
  }

  /** Every engine that the configuration names. */
  engines(): Docker[] {
    const all = Object.values(this.config.resources).flatMap(({ docker }) =>
      docker === undefined ? [] : [engineAt(docker.engine)],
    );
    const { docker } = this.config.discover;
    if (docker !== false) all.push(engineAt(docker === true ? undefined : docker));
    return [...new Set(all)];
  }

  record(name: string): Record {
    return new Record(join(this.folder, name));
  }

  /** Names of which there is a record. */
  recorded(): string[] {
    if (!this.isUsed) return [];
    return readdirSync(this.folder).filter((entry) => !entry.startsWith('.'));
  }

  instance(id: string, endpoint: Endpoint, generation: number): Instance {
    return { id, endpoint, generation, host: this.services.host };
  }

  masker(definition: ResourceDefinition): (text: string) => string {
    return createMasker(secretsOf(definition, { env: process.env, folder: this.config.folder }));
  }

  /** A port of this host for a container that is to be started. @param last the one that it has had. */
  async takePort(
    { name, generation, definition }: BootRequest,
    last: number | undefined,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { reach, network } = settingsOf(definition, 'docker');
    if (reach === 'address' && network !== 'host') return undefined;
    if (definition.endpoint.port !== 'auto') return definition.endpoint.port;
    const quarantineMs = quarantineOf(definition);
    return this.ports.acquire(
      { resource: name, generation, last, ...portRules(this.config), quarantineMs },
      signal,
    );
  }
}
