import type { EC2Client, Filter, Image, RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { type Machine, machineOf } from './machine.js';
import { isRefusal, refusalOf } from './refusals.js';
import { TAGS, type Tags } from './tags.js';

const PAGE = 1000;

type Sdk = typeof import('@aws-sdk/client-ec2');

/**
 * The calls that Reveille makes to EC2, each made once: whoever calls decides, by another look, whether to call again.
 * docs/clouds.md lists the rights that they need, and a test compares.
 * Each throws a Refusal where the cloud did not do it, or where nobody knows whether it did.
 */
export class Cloud {
  constructor(
    private readonly sdk: Sdk,
    private readonly client: EC2Client,
    private readonly timeoutMs: number,
    private readonly mask: (text: string) => string,
  ) {}

  /** Every instance that belongs to that Reveille, also those that have just been terminated. */
  owned(owner: string): Promise<Machine[]> {
    return this.find([{ Name: `tag:${TAGS.owner}`, Values: [owner] }]);
  }

  withId(id: string): Promise<Machine[]> {
    return this.find([{ Name: 'instance-id', Values: [id] }]);
  }

  withTags(tags: Tags): Promise<Machine[]> {
    return this.find(Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [value] })));
  }

  async image(id: string): Promise<Image | undefined> {
    const command = new this.sdk.DescribeImagesCommand({ ImageIds: [id] });
    const { Images } = await this.once('DescribeImages', (abortSignal) =>
      this.client.send(command, { abortSignal }),
    );
    return Images?.[0];
  }

  /** @returns the instance that this token has created, now or at an earlier call. */
  async create(input: RunInstancesCommandInput): Promise<Machine | undefined> {
    const command = new this.sdk.RunInstancesCommand(input);
    const { Instances } = await this.once('RunInstances', (abortSignal) =>
      this.client.send(command, { abortSignal }),
    );
    return Instances?.[0] && machineOf(Instances[0]);
  }

  async start(id: string): Promise<void> {
    const command = new this.sdk.StartInstancesCommand({ InstanceIds: [id] });
    await this.once('StartInstances', (abortSignal) => this.client.send(command, { abortSignal }));
  }

  async stop(id: string, options: { hibernate?: boolean; force?: boolean } = {}): Promise<void> {
    const { hibernate: Hibernate, force: Force } = options;
    const input = { InstanceIds: [id], ...(Hibernate ? { Hibernate } : {}), ...(Force ? { Force } : {}) };
    const command = new this.sdk.StopInstancesCommand(input);
    await this.once('StopInstances', (abortSignal) => this.client.send(command, { abortSignal }));
  }

  async terminate(id: string): Promise<void> {
    const command = new this.sdk.TerminateInstancesCommand({ InstanceIds: [id] });
    await this.once('TerminateInstances', (abortSignal) => this.client.send(command, { abortSignal }));
  }

  async tag(id: string, tags: Tags): Promise<void> {
    const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const command = new this.sdk.CreateTagsCommand({ Resources: [id], Tags: list });
    await this.once('CreateTags', (abortSignal) => this.client.send(command, { abortSignal }));
  }

  /** What the instance has written to its console: the latest where its hardware has that, else of its last boot. */
  async console(id: string): Promise<string> {
    const ask = async (latest: boolean) => {
      const input = { InstanceId: id, ...(latest ? { Latest: true } : {}) };
      const command = new this.sdk.GetConsoleOutputCommand(input);
      const { Output = '' } = await this.once('GetConsoleOutput', (abortSignal) =>
        this.client.send(command, { abortSignal }),
      );
      return Buffer.from(Output, 'base64').toString('utf8');
    };
    try {
      return await ask(true);
    } catch (error) {
      if (isRefusal(error, 'unsupported', 'invalid')) return await ask(false);
      throw error;
    }
  }

  private async find(filters: Filter[]): Promise<Machine[]> {
    const machines: Machine[] = [];
    let next: string | undefined;
    do {
      const token = next === undefined ? {} : { NextToken: next };
      const command = new this.sdk.DescribeInstancesCommand({
        Filters: filters,
        MaxResults: PAGE,
        ...token,
      });
      const { Reservations = [], NextToken } = await this.once('DescribeInstances', (abortSignal) =>
        this.client.send(command, { abortSignal }),
      );
      for (const { Instances = [] } of Reservations)
        for (const one of Instances) machines.push(...[machineOf(one)].filter((some) => some !== undefined));
      next = NextToken || undefined;
    } while (next !== undefined);
    return machines;
  }

  private async once<T>(call: string, send: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await send(AbortSignal.timeout(this.timeoutMs));
    } catch (error) {
      throw refusalOf(error, call, this.mask);
    }
  }
}
