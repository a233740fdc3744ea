import { join } from 'node:path';
import {
  type Config,
  createMasker,
  type Logger,
  type ResourceDefinition,
  type SettingsOf,
  secretsOf,
  settingsOf,
} from '../../../config/index.js';
import { Generations } from '../../host/generations.js';
import { siteOf } from '../../host/owner.js';
import type { HostServices } from '../../host/services.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import { Api } from './api.js';
import { COMPUTE, tokensFor } from './credentials.js';
import { marksOf } from './labels.js';
import { Machines } from './machines.js';
import type { Machine } from './resources.js';
import { machineName } from './spec.js';

type Settings = SettingsOf<'gce'>;
type Request = Pick<BootRequest, 'name' | 'definition'>;

/** The machines of one project, as some credentials show them. */
export interface Estate {
  /** Tells it from others. */
  readonly key: string;
  readonly machines: Machines;
  /** Between two looks at all of them. */
  readonly intervalMs: number;
}

/** What all machines of Compute Engine share. */
export class Cloud {
  private readonly projects = new Map<string, Machines>();

  private readonly folder: string;
  private knownOwner: string | undefined;

  constructor(private readonly services: HostServices) {
    this.folder = join(services.stateDir, 'gce');
  }

  /** Names what was created by the workers of this Reveille: other ones may use the same project. */
  get owner(): string {
    this.knownOwner ??= siteOf(this.config, this.folder);
    return this.knownOwner;
  }

  get config(): Config {
    return this.services.config;
  }

  get log(): Logger {
    return this.services.log;
  }

  /** The machines of the project that a resource is in. */
  machines(definition: ResourceDefinition): Machines {
    return this.machinesOf(settingsOf(definition, 'gce'));
  }

  /**
   * Wherever the configuration says that machines may be. Each credentials of a project look for themselves: what some
   * may see, others may be refused. So a machine may be in several.
   */
  estates(): Estate[] {
    const found = new Map<string, Estate>();
    for (const { gce } of Object.values(this.config.resources)) {
      if (gce === undefined) continue;
      const key = JSON.stringify([gce.api, gce.project, gce.credentials]);
      const intervalMs = Math.min(gce.interval, found.get(key)?.intervalMs ?? gce.interval);
      found.set(key, { key, machines: this.machinesOf(gce), intervalMs });
    }
    return [...found.values()];
  }

  /**
   * Machines with the name of a resource's, in all its zones.
   * @returns those that it may use, the youngest generation first; and those that are somebody else's.
   */
  async find(request: Request, context: ProviderContext): Promise<{ own: Machine[]; foreign: Machine[] }> {
    const { definition } = request;
    const { zone, zones } = settingsOf(definition, 'gce');
    const machines = this.machines(definition);
    const name = machineName(request);
    const found = await Promise.all([zone, ...zones].map((one) => machines.get(one, name, context)));
    const all = found.filter((one) => one !== undefined);
    const own = all.filter((one) => this.mayUse(one, request));
    own.sort((a, b) => marksOf(b).generation - marksOf(a).generation);
    return { own, foreign: all.filter((one) => !own.includes(one)) };
  }

  /** A machine without our labels is used only where the configuration names it. */
  mayUse(machine: Machine, { name, definition }: Request): boolean {
    const { owner, resource } = marksOf(machine);
    if (owner === undefined) return settingsOf(definition, 'gce').name === machine.name;
    return owner === this.owner && resource === name;
  }

  /** What this host knows of a resource's generations. */
  record(name: string): Generations {
    return new Generations(join(this.folder, name));
  }

  masker(definition: ResourceDefinition): (text: string) => string {
    return createMasker(secretsOf(definition, { env: process.env, folder: this.config.folder }));
  }

  private machinesOf({ api: url, project, patience: patienceMs, credentials }: Settings): Machines {
    const key = JSON.stringify([url, project, patienceMs, credentials]);
    const known = this.projects.get(key);
    if (known !== undefined) return known;
    const authorization = tokensFor(COMPUTE, url, credentials, this.config.folder);
    const made = new Machines(new Api({ url, project, patienceMs, authorization }));
    this.projects.set(key, made);
    return made;
  }
}
