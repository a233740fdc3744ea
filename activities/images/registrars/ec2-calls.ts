import type { EC2Client, Filter, Image, RegisterImageCommandInput } from '@aws-sdk/client-ec2';
import { Pace } from '../../providers/ec2/pace.js';
import { isRefusal, refusalOf } from '../../providers/ec2/refusals.js';

type Sdk = typeof import('@aws-sdk/client-ec2');

const FIRST_RETRY_MS = 200;

/** How far an import is. */
export interface ImportTask {
  readonly id: string;
  readonly state: 'active' | 'completed' | 'failed';
  /** Of 100. */
  readonly progress: number;
  readonly snapshot: string;
  /** What the cloud says of it. */
  readonly said: string;
}

/**
 * The calls of images to EC2, each tried again while the cloud throttles or does not answer. docs/clouds.md lists the
 * rights that they need, and a test compares. They throw a Refusal.
 */
export class Ec2ImageCalls {
  constructor(
    private readonly sdk: Sdk,
    private readonly client: EC2Client,
    private readonly bounds: { callMs: number; patienceMs: number; signal: AbortSignal },
    private readonly mask: (text: string) => string,
  ) {}

  /** @param by `name` or `image-id`. */
  async image(by: 'name' | 'image-id', value: string): Promise<Image | undefined> {
    const Filters = [{ Name: by, Values: [value] }];
    const command = () => new this.sdk.DescribeImagesCommand({ Owners: ['self'], Filters });
    const { Images } = await this.insist('DescribeImages', (abortSignal) =>
      this.client.send(command(), { abortSignal }),
    );
    return Images?.find(({ State }) => State === 'available' || State === 'pending');
  }

  /** Ids of instances that are made from an image and not terminated. */
  async users(image: string): Promise<string[]> {
    const Filters = [{ Name: 'image-id', Values: [image] }];
    const command = () => new this.sdk.DescribeInstancesCommand({ Filters });
    const { Reservations = [] } = await this.insist('DescribeInstances', (abortSignal) =>
      this.client.send(command(), { abortSignal }),
    );
    const all = Reservations.flatMap(({ Instances = [] }) => Instances);
    return all.flatMap(({ InstanceId, State }) => (State?.Name === 'terminated' ? [] : (InstanceId ?? [])));
  }

  async snapshots(tag: string, value: string): Promise<string[]> {
    const Filters: Filter[] = [{ Name: `tag:${tag}`, Values: [value] }];
    const command = () => new this.sdk.DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters });
    const { Snapshots = [] } = await this.insist('DescribeSnapshots', (abortSignal) =>
      this.client.send(command(), { abortSignal }),
    );
    return Snapshots.flatMap(({ SnapshotId, State }) => (State === 'error' ? [] : (SnapshotId ?? [])));
  }

  /** @returns the import that this token has begun, now or at an earlier call. */
  async import(url: string, token: string, description: string): Promise<string> {
    const DiskContainer = { Format: 'RAW', Url: url, Description: description };
    const input = { ClientToken: token, Description: description, DiskContainer };
    const command = () => new this.sdk.ImportSnapshotCommand(input);
    const { ImportTaskId = '' } = await this.insist('ImportSnapshot', (abortSignal) =>
      this.client.send(command(), { abortSignal }),
    );
    return ImportTaskId;
  }

  async task(id: string): Promise<ImportTask> {
    const command = () => new this.sdk.DescribeImportSnapshotTasksCommand({ ImportTaskIds: [id] });
    const { ImportSnapshotTasks } = await this.insist('DescribeImportSnapshotTasks', (abortSignal) =>
      this.client.send(command(), { abortSignal }),
    );
    const {
      Status,
      SnapshotId = '',
      Progress,
      StatusMessage = '',
    } = ImportSnapshotTasks?.[0]?.SnapshotTaskDetail ?? {};
    const isOver = Status !== undefined && !['active', 'pending', 'completed'].includes(Status);
    const state = Status === 'completed' ? 'completed' : isOver ? 'failed' : 'active';
    return { id, state, progress: Number(Progress ?? 0) || 0, snapshot: SnapshotId, said: StatusMessage };
  }

  async tag(id: string, name: string, value: string): Promise<void> {
    const command = () =>
      new this.sdk.CreateTagsCommand({ Resources: [id], Tags: [{ Key: name, Value: value }] });
    await this.insist('CreateTags', (abortSignal) => this.client.send(command(), { abortSignal }));
  }

  async register(input: RegisterImageCommandInput): Promise<string> {
    const command = () => new this.sdk.RegisterImageCommand(input);
    const { ImageId = '' } = await this.insist('RegisterImage', (abortSignal) =>
      this.client.send(command(), { abortSignal }),
    );
    return ImageId;
  }

  /** Content where it is gone. */
  async deregister(id: string): Promise<void> {
    const command = () => new this.sdk.DeregisterImageCommand({ ImageId: id });
    await unlessGone(
      this.insist('DeregisterImage', (abortSignal) => this.client.send(command(), { abortSignal })),
    );
  }

  /** Content where it is gone. */
  async removeSnapshot(id: string): Promise<void> {
    const command = () => new this.sdk.DeleteSnapshotCommand({ SnapshotId: id });
    await unlessGone(
      this.insist('DeleteSnapshot', (abortSignal) => this.client.send(command(), { abortSignal })),
    );
  }

  private async insist<T>(call: string, send: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const { callMs, patienceMs, signal } = this.bounds;
    const pace = new Pace(FIRST_RETRY_MS, patienceMs);
    for (;;) {
      signal.throwIfAborted();
      const turn = await pace.try(async () => {
        try {
          return await send(AbortSignal.any([signal, AbortSignal.timeout(callMs)]));
        } catch (error) {
          throw refusalOf(error, call, this.mask);
        }
      });
      if (turn !== undefined) return turn.done;
      await pace.rest(signal);
    }
  }
}

async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isRefusal(error, 'gone')) throw error;
  }
}
