import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Moto } from './moto.js';

interface Task {
  id: string;
  snapshot: string;
  message: string;
  /** How often it still says that it is at work. */
  left: number;
}

const LOOKS = 2;

/** ImportSnapshot, which moto lacks, written to the public reference ("ImportSnapshot", "SnapshotTaskDetail"). */
export class Ec2Imports {
  /** Where the site imports from: `s3://bucket/FILE` is a file in it. */
  readonly bucket = mkdtempSync(join(tmpdir(), 'reveille-bucket-'));
  /** SHA-256 of what was imported, by the snapshot. */
  readonly contents = new Map<string, string>();
  private readonly tasks = new Map<string, Task>();
  private readonly tokens = new Map<string, Promise<Task>>();

  constructor(private readonly moto: Moto) {}

  async begin(call: URLSearchParams) {
    const token = call.get('ClientToken') ?? '';
    const begun = this.tokens.get(token) ?? this.import(call.get('DiskContainer.Url') ?? '');
    this.tokens.set(token, begun);
    return answer('ImportSnapshot', bodyOf(await begun));
  }

  tell(call: URLSearchParams) {
    const task = this.tasks.get(call.get('ImportTaskId.1') ?? '');
    const item = task === undefined ? '' : `<item>${bodyOf(task)}</item>`;
    if (task !== undefined) task.left -= 1;
    return answer('DescribeImportSnapshotTasks', `<importSnapshotTaskSet>${item}</importSnapshotTaskSet>`);
  }

  close(): void {
    rmSync(this.bucket, { recursive: true, force: true });
  }

  private async import(url: string): Promise<Task> {
    const id = `import-snap-${String(this.tasks.size + 1).padStart(17, '0')}`;
    const task: Task = { id, snapshot: '', message: '', left: LOOKS };
    const file = join(this.bucket, basename(url));
    if (existsSync(file)) {
      task.snapshot = await this.snapshot();
      this.contents.set(task.snapshot, createHash('sha256').update(readFileSync(file)).digest('hex'));
    } else task.message = `ClientError: there is no ${url}`;
    this.tasks.set(id, task);
    return task;
  }

  private async snapshot(): Promise<string> {
    const made = async (tag: string, parameters: Record<string, string>) => {
      const text = await (await this.moto.call(parameters)).text();
      return new RegExp(`<${tag}>(.*?)<`).exec(text)?.[1] ?? '';
    };
    const AvailabilityZone = 'us-east-1a';
    const VolumeId = await made('volumeId', { Action: 'CreateVolume', Size: '1', AvailabilityZone });
    const snapshot = await made('snapshotId', { Action: 'CreateSnapshot', VolumeId });
    await this.moto.call({ Action: 'DeleteVolume', VolumeId });
    return snapshot;
  }
}

function bodyOf({ id, snapshot, message, left }: Task): string {
  const over = snapshot === '' ? 'deleted' : 'completed';
  const status = left > 0 ? 'active' : over;
  const progress = left > 0 ? `<progress>${100 - left * 30}</progress>` : '';
  const made = left > 0 || snapshot === '' ? '' : `<snapshotId>${snapshot}</snapshotId>`;
  const detail = `<format>RAW</format><status>${status}</status>${progress}${made}<statusMessage>${message}</statusMessage>`;
  return `<importTaskId>${id}</importTaskId><snapshotTaskDetail>${detail}</snapshotTaskDetail>`;
}

function answer(action: string, body: string) {
  const xmlns = 'http://ec2.amazonaws.com/doc/2016-11-15/';
  const text = `<${action}Response xmlns="${xmlns}"><requestId>test</requestId>${body}</${action}Response>`;
  return { status: 200, body: `<?xml version="1.0" encoding="UTF-8"?>${text}` };
}
