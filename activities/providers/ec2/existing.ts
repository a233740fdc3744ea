import { ReveilleError } from '../../../errors/index.js';
import type { BootRequest } from '../contract.js';
import type { Account, Accounts } from './accounts.js';
import { isEnding, type Machine } from './machine.js';
import type { Source } from './source.js';

/** An instance that exists without Reveille: named in the configuration is asked for, and it is never terminated. */
export class ExistingSource implements Source {
  /** Once it bears our tags, everybody's look tells of it. */
  private known: string | undefined;

  constructor(
    private readonly accounts: Accounts,
    private readonly account: Account,
    private readonly request: Pick<BootRequest, 'name'>,
  ) {}

  async look(): Promise<Machine[]> {
    const { view, gapMs } = this.account;
    if (this.known !== undefined) {
      const found = (await view.fresh(gapMs)).find(({ id }) => id === this.known);
      if (found !== undefined) return [found];
    }
    const machine = await this.find();
    if (machine === undefined) throw new ReveilleError('BOOT_FAILED', `the cloud has no ${this.meant}`);
    this.checkOwner(machine);
    if (machine.owner !== undefined && machine.resource === this.request.name) this.known = machine.id;
    return [machine];
  }

  /** @returns undefined where there is none. @throws ReveilleError BOOT_FAILED where there are several. */
  async find(): Promise<Machine | undefined> {
    const { cloud, settings } = this.account;
    const { instance, find = {} } = settings;
    const all = instance === undefined ? await cloud.withTags(find) : await cloud.withId(instance);
    const [machine, second] = all.filter((one) => !isEnding(one));
    if (second === undefined) return machine;
    const ids = all.map(({ id }) => id).join(', ');
    throw new ReveilleError('BOOT_FAILED', `more than one instance is meant by ${this.meant}: ${ids}`);
  }

  async make(): Promise<undefined> {
    return undefined;
  }

  isWanted(): boolean {
    return true;
  }

  end({ id }: Machine, options: { hibernate?: boolean; force?: boolean } = {}): Promise<void> {
    return this.account.cloud.stop(id, options);
  }

  /** Reveille did not make it. */
  async remove(): Promise<void> {}

  /** Two who start and stop one instance would do it under each other. */
  private checkOwner({ id, owner, resource }: Machine): void {
    const { owner: ours, config } = this.accounts;
    if (owner === undefined) return;
    if (owner !== ours) {
      throw new ReveilleError('BOOT_FAILED', `${id} is that of another Reveille: its tag says ${owner}`);
    }
    const isOthers = resource !== this.request.name && config.resources[resource ?? '']?.ec2 !== undefined;
    if (isOthers) throw new ReveilleError('BOOT_FAILED', `${id} is that of the resource ${resource}`);
  }

  private get meant(): string {
    const { instance, find = {} } = this.account.settings;
    if (instance !== undefined) return `instance ${instance}`;
    const tags = Object.entries(find).map(([name, value]) => `${name}=${value}`);
    return `instance with the tags ${tags.join(', ')}`;
  }
}
