import { randomInt } from 'node:crypto';
import type { Operation } from '../../../activities/providers/gce/resources.js';

/** An operation of the fake, under way or done. */
export class FakeOperation {
  readonly id = String(randomInt(2 ** 47)) + String(randomInt(1000, 10_000));
  readonly name = `operation-${this.id}`;
  private readonly insertTime = new Date().toISOString();
  private status: Operation['status'] = 'PENDING';
  private progress = 0;
  private error: { code: string; message: string } | undefined;
  readonly done: Promise<void>;

  /** @param work what it does; what it throws as FailedOperation is its error. */
  constructor(
    readonly type: string,
    readonly zone: string,
    readonly targetId: string,
    work: (self: FakeOperation) => Promise<void>,
  ) {
    this.done = this.run(work);
  }

  get isDone(): boolean {
    return this.status === 'DONE';
  }

  /** @param percent how far it is. */
  goOn(percent: number): void {
    this.status = 'RUNNING';
    this.progress = percent;
  }

  /** @param place URL of its zone. */
  shown(place: string): Operation & Record<string, unknown> {
    const isDone = this.isDone;
    return {
      kind: 'compute#operation',
      id: this.id,
      name: this.name,
      operationType: this.type,
      targetId: this.targetId,
      zone: place,
      status: this.status,
      progress: this.progress,
      insertTime: this.insertTime,
      ...(isDone ? { endTime: new Date().toISOString() } : {}),
      ...(this.error === undefined
        ? {}
        : { error: { errors: [this.error] }, httpErrorStatusCode: 400, httpErrorMessage: 'BAD REQUEST' }),
    };
  }

  private async run(work: (self: FakeOperation) => Promise<void>): Promise<void> {
    // Answered before it begins, as at Compute Engine.
    await Promise.resolve();
    try {
      await work(this);
    } catch (error) {
      if (!(error instanceof FailedOperation)) throw error;
      this.error = { code: error.code, message: error.message };
    } finally {
      this.progress = 100;
      this.status = 'DONE';
    }
  }
}

/** @param code such as ZONE_RESOURCE_POOL_EXHAUSTED. */
export class FailedOperation extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
