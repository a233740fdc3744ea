import type { Image } from '@aws-sdk/client-ec2';
import { ReveilleError } from '../../../errors/index.js';
import { cloudIdOf } from '../../images/handed.js';
import type { BootRequest, ProviderContext } from '../contract.js';
import type { Account, Accounts } from './accounts.js';
import type { Machine } from './machine.js';
import { isRefusal } from './refusals.js';
import type { Source } from './source.js';
import { type Candidate, candidatesOf, specOf } from './spec.js';
import { TAGS } from './tags.js';

/** Instances that Reveille creates, and terminates. */
export class CreatedSource implements Source {
  /** Of the candidates: the one that is tried next. */
  private index: number;
  private image: Image | undefined;

  constructor(
    private readonly accounts: Accounts,
    private readonly account: Account,
    private readonly request: BootRequest,
    private readonly context: ProviderContext,
  ) {
    // The try before this one may have created it there, and only the same token leads to it.
    this.index = Number(/ \((\d+) of \d+\)$/.exec(context.before ?? '')?.[1] ?? 1) - 1;
  }

  async look(): Promise<Machine[]> {
    const { view, gapMs } = this.account;
    const all = await view.fresh(gapMs);
    return all.filter(({ resource, made }) => resource === this.request.name && made !== undefined);
  }

  /** @throws Refusal where it is to be had nowhere: that of the last candidate. */
  async make(): Promise<Machine | undefined> {
    const { cloud, settings } = this.account;
    const id = cloudIdOf(settings.image ?? '', this.request.images);
    this.image ??= await cloud.image(id);
    if (this.image === undefined) throw new ReveilleError('CLOUD_INVALID', `the cloud has no image ${id}`);
    const candidates = candidatesOf(settings);
    for (;;) {
      const candidate = candidates[this.index];
      if (candidate === undefined) return undefined;
      try {
        return await this.makeAt(candidate, candidates.length);
      } catch (error) {
        const isLast = this.index === candidates.length - 1;
        if (isLast || !isRefusal(error, 'capacity', 'quota')) throw error;
        this.index += 1;
      }
    }
  }

  isWanted({ made }: Machine): boolean {
    return made === this.request.revision;
  }

  end({ id, endsForGood }: Machine, options: { hibernate?: boolean; force?: boolean } = {}): Promise<void> {
    return endsForGood ? this.account.cloud.terminate(id) : this.account.cloud.stop(id, options);
  }

  remove({ id }: Machine): Promise<void> {
    return this.account.cloud.terminate(id);
  }

  private async makeAt(candidate: Candidate, count: number): Promise<Machine | undefined> {
    const { cloud, settings } = this.account;
    const { type, zone, subnet } = candidate;
    const where = [type, zone, subnet].filter((one) => one !== undefined).join(' in ');
    this.context.heartbeat(`creating an instance ${where} (${this.index + 1} of ${count})`);
    const spec = specOf(this.accounts, this.request, settings, { candidate, image: this.image });
    const machine = await cloud.create(spec);
    if (machine !== undefined && machine.owner === undefined) {
      // A cloud that does not tag what it creates.
      const tags = spec.TagSpecifications?.[0]?.Tags ?? [];
      await cloud.tag(machine.id, Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])));
    }
    return machine;
  }
}

/** Tags of an instance that a generation takes. */
export const takenBy = (owner: string, { name, generation }: BootRequest) => ({
  [TAGS.owner]: owner,
  [TAGS.resource]: name,
  [TAGS.generation]: String(generation),
});
