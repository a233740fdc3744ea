import { definitionOf, settingsOf } from '../../../config/index.js';
import { type ErrorCode, ReveilleError } from '../../../errors/index.js';
import type { Instance } from '../../../workflows/messages.js';
import type { InspectResult } from '../../contract.js';
import type { HostServices } from '../../host/services.js';
import { pause } from '../../pause.js';
import type { BootRequest, Change, Found, Provider, ProviderContext } from '../contract.js';
import { type Account, Accounts, type Named } from './accounts.js';
import { Boot, Death } from './boot.js';
import { CreatedSource, takenBy } from './created.js';
import { Stop, type StopOptions } from './end.js';
import { ExistingSource } from './existing.js';
import { followInstances } from './follow.js';
import { consoleTail, lastWords } from './log.js';
import { endOf, isAlive, isAsleep, isEnding, type Machine } from './machine.js';
import { isRefusal } from './refusals.js';
import { TAGS } from './tags.js';

/**
 * Instances of EC2, on AWS or on a cloud with the same interface: created from an image, or found by id or by tags. Any
 * worker may act on them; tags are the record of whose they are (tags.ts).
 */
export class Ec2Provider implements Provider {
  readonly hostBound = false;
  private readonly accounts: Accounts;

  constructor(services: HostServices) {
    this.accounts = new Accounts(services);
  }

  async boot(
    request: BootRequest,
    context: ProviderContext,
  ): Promise<{ instance: Instance; adopted: boolean }> {
    try {
      const account = await this.accounts.of(request);
      const source =
        account.settings.image === undefined
          ? new ExistingSource(this.accounts, account, request)
          : new CreatedSource(this.accounts, account, request, context);
      const boot = new Boot(this.accounts, account, source, request, context);
      const { machine, adopted } = await boot.run();
      return { instance: instanceOf(machine, request), adopted };
    } catch (error) {
      if (error instanceof Death) throw await this.namedDeath(request, error.machine);
      throw named(error);
    }
  }

  async inspect(request: BootRequest, { id, generation }: Instance): Promise<InspectResult> {
    const machine = (await this.ours(request)).find((one) => one.id === id);
    if (machine === undefined) return { state: 'gone', reason: 'the cloud does not know the instance' };
    if (machine.generation !== generation)
      return { state: 'gone', reason: 'a younger generation has the instance' };
    if (isAlive(machine))
      return { state: 'running', instance: instanceOf(machine, { ...request, generation }) };
    const state = isEnding(machine) ? 'gone' : 'stopped';
    return { state, reason: endOf(machine), log: await lastWords(this.accounts, request, machine) };
  }

  /** Only what bears our tags: whoever may send signals names any id. */
  async adopt(request: BootRequest, instance: Instance): Promise<InspectResult> {
    const { name, generation } = request;
    const machine = (await this.ours(request)).find(({ id }) => id === instance.id);
    if (machine === undefined) return { state: 'gone', reason: 'no such instance was started here' };
    if (machine.generation > generation)
      return { state: 'gone', reason: 'a younger generation has the instance' };
    if (!isAlive(machine) || isAsleep(machine)) return { state: 'stopped', reason: endOf(machine) };
    try {
      this.accounts.generations(name).begin(generation);
      const { cloud } = await this.accounts.of(request);
      const tags = takenBy(this.accounts.owner, request);
      await cloud.tag(machine.id, { ...tags, [TAGS.adopted]: String(generation) });
    } catch (error) {
      throw named(error);
    }
    return { state: 'running', instance: instanceOf(machine, request) };
  }

  async stop(
    request: BootRequest,
    instance: Instance | undefined,
    options: StopOptions,
    context: ProviderContext,
  ): Promise<void> {
    try {
      const account = await this.accounts.of(request);
      await new Stop(this.accounts, account, request, options, context).run(instance);
    } catch (error) {
      throw named(error, 'STOP_FAILED');
    }
  }

  /** What a look could not tell, the next one does. */
  async watch(
    request: BootRequest,
    { id }: Instance,
    { signal }: ProviderContext,
  ): Promise<{ reason: string; log?: string } | undefined> {
    const { interval } = settingsOf(request.definition, 'ec2');
    while (!signal.aborted) {
      const ours = await this.ours(request).catch(() => undefined);
      const machine = ours?.find((one) => one.id === id);
      if (machine !== undefined && !isAlive(machine))
        return { reason: endOf(machine), log: await lastWords(this.accounts, request, machine) };
      await pause(interval, signal).catch(() => {});
    }
    return undefined;
  }

  async list(): Promise<Found[]> {
    if (!this.accounts.isUsed) return [];
    const machines = await this.all();
    return machines.flatMap((machine) => {
      const { resource: name, params } = machine;
      if (name === undefined || !isAlive(machine) || isAsleep(machine)) return [];
      return [
        {
          name,
          instance: this.foundInstance(name, machine),
          state: 'running' as const,
          ...(params === undefined ? {} : { params }),
        },
      ];
    });
  }

  follow(tell: (change: Change) => void, context: ProviderContext): Promise<void> {
    return followInstances(this.accounts, tell, context);
  }

  /** Only what Reveille has created would go. */
  async kept(): Promise<string[]> {
    if (!this.accounts.isUsed) return [];
    const kept = (await this.all()).filter((one) => one.made !== undefined && !isEnding(one));
    return [...new Set(kept.flatMap(({ resource }) => resource ?? []))];
  }

  async logTail({ name, definition }: Named, bytes: number): Promise<string> {
    const ours = await this.ours({ name, definition });
    const [newest] = ours.sort((a, b) => b.generation - a.generation);
    if (newest === undefined) return '';
    try {
      return await consoleTail(this.accounts, { name, definition }, newest, bytes);
    } catch (error) {
      throw named(error);
    }
  }

  /** Instances with our tags of one resource. */
  private async ours(resource: Named): Promise<Machine[]> {
    try {
      const { view, gapMs } = await this.accounts.of(resource);
      return (await view.fresh(gapMs)).filter((one) => one.resource === resource.name);
    } catch (error) {
      throw named(error);
    }
  }

  /** Of one account there may be several credentials, which see the same. */
  private async all(): Promise<Machine[]> {
    try {
      const accounts = await this.accounts.all();
      const looks = accounts.map(({ view, gapMs }: Account) => view.fresh(gapMs));
      const seen = (await Promise.all(looks)).flat();
      return [...new Map(seen.map((machine) => [machine.id, machine])).values()];
    } catch (error) {
      throw named(error);
    }
  }

  private foundInstance(name: string, machine: Machine): Instance {
    const { generation } = machine;
    const definition = definitionOf(this.accounts.config, name);
    if (definition?.ec2 !== undefined) return instanceOf(machine, { generation, definition });
    return { id: machine.id, generation, endpoint: { host: machine.addresses.private, port: 0 } };
  }

  private async namedDeath(request: BootRequest, machine: Machine): Promise<ReveilleError> {
    const code = /^Server\.Insufficient/.test(machine.reason) ? 'CLOUD_NO_CAPACITY' : 'INSTANCE_DIED';
    const log = await lastWords(this.accounts, request, machine);
    return new ReveilleError(code, endOf(machine), { log });
  }
}

function instanceOf(
  { id, addresses }: Machine,
  { definition, generation }: Pick<BootRequest, 'definition' | 'generation'>,
): Instance {
  const { address, port } = settingsOf(definition, 'ec2');
  return { id, generation, endpoint: { host: addresses[address], port } };
}

/** @param code instead of what the refusal is called by itself. */
const named = (error: unknown, code?: ErrorCode): unknown => (isRefusal(error) ? error.named(code) : error);
