import { join } from 'node:path';
import { type Config, createMasker, type Logger, secretsOf } from '../../../config/index.js';
import type { Instance } from '../../../workflows/messages.js';
import type { BootRequest } from '../../providers/contract.js';
import { Ports } from '../ports.js';
import type { HostServices } from '../services.js';
import type { RunClaim } from './claims.js';
import { Home } from './home.js';
import { formatIdentity } from './identity.js';
import type { Kind } from './kind.js';
import { Exits } from './shim.js';

const DEATH_LOG_BYTES = 4096;

/** What all resources of this host share. */
export class Host {
  readonly ports: Ports;
  readonly exits = new Exits();
  readonly folder: string;

  constructor(
    private readonly services: HostServices,
    readonly kind: Kind,
  ) {
    this.folder = join(services.stateDir, kind.name);
    this.ports = new Ports(join(services.stateDir, 'ports'));
  }

  get config(): Config {
    return this.services.config;
  }

  get log(): Logger {
    return this.services.log;
  }

  home(name: string): Home {
    return new Home(name, join(this.folder, name));
  }

  instance({ identity, endpoint, generation }: RunClaim): Instance {
    return { id: formatIdentity(identity), endpoint, generation, host: this.services.host };
  }

  /** Last lines of the youngest generation, for those who wait for it. */
  deathLog({ name, definition }: Pick<BootRequest, 'name' | 'definition'>): Promise<string> {
    return this.home(name).log.tailOfGeneration(DEATH_LOG_BYTES, this.masker(definition));
  }

  masker(definition: BootRequest['definition']): (text: string) => string {
    return createMasker(secretsOf(definition, { env: process.env, folder: this.config.folder }));
  }
}
