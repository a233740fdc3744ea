import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { EC2Client } from '@aws-sdk/client-ec2';
import {
  type Config,
  createMasker,
  type Logger,
  type ResourceDefinition,
  resolveReferences,
  type SettingsOf,
  secretsOf,
  settingsOf,
} from '../../../config/index.js';
import { isReveilleError } from '../../../errors/index.js';
import { Generations } from '../../host/generations.js';
import { siteOf } from '../../host/owner.js';
import type { HostServices } from '../../host/services.js';
import { makeClient, resolved, secretsOfCredentials } from './client.js';
import { Cloud } from './cloud.js';
import { View } from './view.js';

/** Looks at an account within one interval, at most. */
const LOOKS_PER_INTERVAL = 4;
/** Credentials that rotate make another client each time. */
const MAX_CLIENTS = 100;

export type Ec2Settings = SettingsOf<'ec2'>;
/** Whose account it is. */
export type Named = { readonly name: string; readonly definition: ResourceDefinition };

/** An account of the cloud, as one resource sees it. */
export interface Account {
  readonly cloud: Cloud;
  /** Shared by all resources of the account. */
  readonly view: View;
  readonly settings: Ec2Settings;
  /** The least time between two looks, ms. */
  readonly gapMs: number;
}

interface Shared {
  readonly client: EC2Client;
  readonly view: View;
}

/** Accounts and endpoints that the configuration names, and what this worker keeps of its instances. */
export class Accounts {
  private readonly folder: string;
  private readonly shared = new Map<string, Promise<Shared>>();
  private knownOwner: string | undefined;

  constructor(private readonly services: HostServices) {
    this.folder = join(services.stateDir, 'ec2');
  }

  get config(): Config {
    return this.services.config;
  }

  get log(): Logger {
    return this.services.log;
  }

  /** Whose instances are ours. */
  get owner(): string {
    this.knownOwner ??= siteOf(this.config, this.folder);
    return this.knownOwner;
  }

  /** Whether anything may have been started from here. */
  get isUsed(): boolean {
    return existsSync(this.folder) || this.resources().length > 0;
  }

  generations(name: string): Generations {
    return new Generations(join(this.folder, name));
  }

  /**
   * One account for each that the configuration names, with the settings of one of its resources. One whose settings
   * lead nowhere keeps nobody from looking at the others.
   */
  async all(): Promise<Account[]> {
    const accounts = new Map<View, Account>();
    for (const one of this.resources()) {
      try {
        const account = await this.of(one);
        if (!accounts.has(account.view)) accounts.set(account.view, account);
      } catch (error) {
        if (!isReveilleError(error)) throw error;
        this.log.warn({ resource: one.name, why: error.message }, 'nobody can look at its account');
      }
    }
    return [...accounts.values()];
  }

  /** @throws ReveilleError REFERENCE_UNRESOLVED, CLOUD_INVALID. */
  async of({ name, definition }: Named): Promise<Account> {
    const settings = settingsOf(definition, 'ec2');
    const sdk = await import('@aws-sdk/client-ec2');
    const mask = this.masker(definition);
    const { client, view } = await this.sharedOf(sdk, name, settings);
    const cloud = new Cloud(sdk, client, settings.timeout, mask);
    return { cloud, view, settings, gapMs: settings.interval / LOOKS_PER_INTERVAL };
  }

  masker(definition: ResourceDefinition): (text: string) => string {
    return createMasker(secretsOf(definition, { env: process.env, folder: this.config.folder }));
  }

  /** A setting with its references resolved. @throws ReveilleError REFERENCE_UNRESOLVED. */
  resolve(name: string, key: string, text: string): string {
    const { folder } = this.config;
    return resolveReferences(text, { env: process.env, folder, key: `resources.${name}.ec2.${key}` }).value;
  }

  resources(): Named[] {
    return Object.entries(this.config.resources).flatMap(([name, definition]) =>
      definition.ec2 === undefined ? [] : [{ name, definition }],
    );
  }

  private sharedOf(
    sdk: typeof import('@aws-sdk/client-ec2'),
    name: string,
    settings: Ec2Settings,
  ): Promise<Shared> {
    const { region, endpoint, profile, timeout } = settings;
    const credentials = resolved(settings.credentials, (key, text) =>
      this.resolve(name, `credentials.${key}`, text),
    );
    const key = createHash('sha256')
      .update(JSON.stringify([region, endpoint, profile, credentials]))
      .digest('hex');
    const known = this.shared.get(key);
    if (known !== undefined) return known;
    const make = async (): Promise<Shared> => {
      const client = await makeClient(sdk, { region, endpoint, profile, credentials });
      const cloud = new Cloud(sdk, client, timeout, createMasker(secretsOfCredentials(credentials)));
      return { client, view: new View(() => cloud.owned(this.owner)) };
    };
    const made = make();
    this.shared.set(key, made);
    made.catch(() => this.shared.delete(key));
    const [oldest] = this.shared.keys();
    if (this.shared.size > MAX_CLIENTS && oldest !== undefined) this.shared.delete(oldest);
    return made;
  }
}
