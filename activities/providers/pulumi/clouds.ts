import { definitionOf, type ResourceDefinition } from '../../../config/index.js';
import type { HostServices } from '../../host/services.js';
import type { Change, Provider, ProviderContext } from '../contract.js';

/** Resources by name, as they would stand in reveille.yaml had somebody written down what their templates created. */
export type Stacks = () => Readonly<Record<string, ResourceDefinition>>;

/** What instances of stacks may be woken by, of the providers that look at accounts. */
export interface Clouds {
  readonly ec2: Provider;
  readonly gce: Provider;
}

/** Makes them for a configuration of its own. */
export type MakeClouds = (services: HostServices) => Clouds;

/**
 * The providers that look at whole accounts of clouds look at those that the configuration names. These see the
 * accounts in which stacks have their instances: whatever happens there is told of, whoever else has machines there.
 */
export class StackClouds {
  readonly providers: Clouds;

  constructor(
    services: HostServices,
    make: MakeClouds,
    private readonly stacks: Stacks,
  ) {
    const { stateDir, host, log } = services;
    const seen: HostServices = {
      get config() {
        return { ...services.config, resources: stacks() };
      },
      stateDir,
      host,
      log,
    };
    this.providers = make(seen);
  }

  /** Until the signal. */
  async follow(tell: (change: Change) => void, context: ProviderContext): Promise<void> {
    const ofStacks = (change: Change) => {
      if (change.kind === 'ended' && Object.hasOwn(this.stacks(), change.name)) tell(change);
    };
    const { ec2, gce } = this.providers;
    await Promise.all([ec2, gce].map((one) => one.follow?.(ofStacks, context)));
  }
}

/** @param read what stands in the place of a resource; undefined where no cloud has anything of it. */
export function stacksOf(
  names: readonly string[],
  config: HostServices['config'],
  read: (name: string, definition: ResourceDefinition) => ResourceDefinition | undefined,
): Record<string, ResourceDefinition> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const definition = definitionOf(config, name);
      const made = definition?.pulumi === undefined ? undefined : read(name, definition);
      return made === undefined ? [] : [[name, made]];
    }),
  );
}
