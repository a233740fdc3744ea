import { setTimeout as sleep } from 'node:timers/promises';
import { FakeMachine, type Inserted } from './machine.js';
import { FailedOperation, FakeOperation } from './operations.js';

/** Steps of an operation take so long, as far as nothing else does. */
const STEP_MS = 20;

/** An answer that is an error of the API. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The machines and operations of one project, behaving as the reference says
 * (https://cloud.google.com/compute/docs/reference/rest/v1, /instances/instance-lifecycle).
 */
export class Project {
  readonly machines: FakeMachine[] = [];
  readonly operations: FakeOperation[] = [];
  readonly images = new Map<string, { name: string; status: string }>();
  /** What an image is made from is read when it is imported. */
  onImport: (image: object) => Promise<void> = async () => {};
  private readonly byRequest = new Map<string, FakeOperation>();
  private readonly hanging = new Set<string>();
  /** Errors that the next operations of a type end with. */
  private readonly failing: { type: string; zone: string | undefined; code: string; times: number }[] = [];

  /** The next operations of that type, such as insert, fail. @returns what mends it. */
  fail(type: string, code: string, { times = 1, zone }: { times?: number; zone?: string } = {}): () => void {
    const one = { type, zone, code, times };
    this.failing.push(one);
    return () => {
      one.times = 0;
    };
  }

  /** From now on machines with that name stay in STAGING until they are stopped. */
  hang(name: string): void {
    this.hanging.add(name);
  }

  /** @param key its name or its id. */
  find(zone: string, key: string): FakeMachine {
    const found = this.machines.find(
      (one) => one.zone === zone && (one.inserted.name === key || one.id === key),
    );
    if (found !== undefined) return found;
    throw new Refused(404, 'notFound', `The resource 'zones/${zone}/instances/${key}' was not found`);
  }

  insert(zone: string, body: Inserted, requestId: string | null): FakeOperation {
    return this.once(requestId, () => {
      if (this.machines.some((one) => one.zone === zone && one.inserted.name === body.name)) {
        throw new Refused(409, 'alreadyExists', `The resource '${body.name}' already exists`);
      }
      const machine = new FakeMachine(body, zone, (one) => this.endedByItself(one));
      return this.begin('insert', machine, async (operation) => {
        this.machines.push(machine);
        try {
          this.maybeFail('insert', zone);
        } catch (error) {
          this.drop(machine);
          throw error;
        }
        await this.bringUp(machine, operation);
      });
    });
  }

  start(machine: FakeMachine, requestId: string | null): FakeOperation {
    return this.once(requestId, () => {
      this.mustBe(machine, ['TERMINATED', 'STOPPED', 'RUNNING']);
      return this.begin('start', machine, async (operation) => {
        this.maybeFail('start', machine.zone);
        if (machine.status !== 'RUNNING') await this.bringUp(machine, operation);
      });
    });
  }

  resume(machine: FakeMachine, requestId: string | null): FakeOperation {
    return this.once(requestId, () => {
      this.mustBe(machine, ['SUSPENDED']);
      return this.begin('resume', machine, async () => {
        this.maybeFail('resume', machine.zone);
        await sleep(STEP_MS);
        machine.resume();
      });
    });
  }

  stop(machine: FakeMachine, requestId: string | null): FakeOperation {
    return this.once(requestId, () => {
      this.mustBe(machine, ['RUNNING', 'TERMINATED', 'SUSPENDED', 'PROVISIONING', 'STAGING']);
      return this.begin('stop', machine, async () => {
        this.maybeFail('stop', machine.zone);
        await machine.powerOff('TERMINATED');
      });
    });
  }

  suspend(machine: FakeMachine, requestId: string | null): FakeOperation {
    return this.once(requestId, () => {
      this.mustBe(machine, ['RUNNING']);
      return this.begin('suspend', machine, async () => {
        this.maybeFail('suspend', machine.zone);
        machine.status = 'SUSPENDING';
        await sleep(STEP_MS);
        machine.suspend();
      });
    });
  }

  remove(machine: FakeMachine, requestId: string | null): FakeOperation {
    return this.once(requestId, () =>
      this.begin('delete', machine, async () => {
        this.maybeFail('delete', machine.zone);
        await machine.powerOff('STOPPING');
        this.drop(machine);
      }),
    );
  }

  setLabels(
    machine: FakeMachine,
    { labels = {}, labelFingerprint }: { labels?: Record<string, string>; labelFingerprint?: string },
    requestId: string | null,
  ): FakeOperation {
    return this.once(requestId, () => {
      if (labelFingerprint !== machine.fingerprint) {
        throw new Refused(
          412,
          'conditionNotMet',
          'Labels fingerprint either invalid or resource labels have changed',
        );
      }
      machine.labels = labels;
      return this.begin('setLabels', undefined, async () => {
        await sleep(STEP_MS);
      });
    });
  }

  /**
   * Compute Engine takes it away: it has 30 s to shut down. Resolves when it is off.
   * @param until it is off no sooner than this.
   */
  async preempt(machine: FakeMachine, until: Promise<unknown> = Promise.resolve()): Promise<void> {
    await this.bySystem('compute.instances.preempted', machine, () => machine.powerOff('TERMINATED', until));
  }

  insertImage(body: { name: string }, requestId: string | null): FakeOperation {
    return this.once(requestId, () => {
      if (this.images.has(body.name))
        throw new Refused(409, 'alreadyExists', `'${body.name}' already exists`);
      const image = { ...body, status: 'PENDING' };
      this.images.set(body.name, image);
      return this.begin('insert', undefined, async () => {
        await sleep(STEP_MS);
        image.status = 'FAILED';
        this.maybeFail('insertImage', 'global');
        await this.onImport(body);
        image.status = 'READY';
      });
    });
  }

  removeImage(name: string, requestId: string | null): FakeOperation {
    return this.once(requestId, () => {
      this.image(name);
      return this.begin('delete', undefined, async () => {
        this.images.delete(name);
      });
    });
  }

  image(name: string): { name: string; status: string } {
    const found = this.images.get(name);
    if (found === undefined) throw new Refused(404, 'notFound', `no image ${name}`);
    return found;
  }

  close(): void {
    for (const one of this.machines) one.kill();
  }

  private endedByItself(machine: FakeMachine): void {
    machine.off('TERMINATED');
    void this.bySystem('compute.instances.guestTerminate', machine, async () => {});
  }

  private bySystem(type: string, machine: FakeMachine, work: () => Promise<void>): Promise<void> {
    const operation = new FakeOperation(type, machine.zone, machine.id, work);
    this.operations.push(operation);
    return operation.done;
  }

  private async bringUp(machine: FakeMachine, operation: FakeOperation): Promise<void> {
    for (const [status, percent] of [
      ['PROVISIONING', 10],
      ['STAGING', 50],
    ] as const) {
      machine.status = status;
      operation.goOn(percent);
      await sleep(STEP_MS);
    }
    while (this.hanging.has(machine.inserted.name) && machine.status === 'STAGING') await sleep(STEP_MS);
    if (machine.status === 'STAGING') machine.powerOn();
  }

  private drop(machine: FakeMachine): void {
    const at = this.machines.indexOf(machine);
    if (at >= 0) this.machines.splice(at, 1);
  }

  /** A request with an id that was seen is answered with what it began then, whatever became of it. */
  private once(requestId: string | null, begin: () => FakeOperation): FakeOperation {
    const known = requestId === null ? undefined : this.byRequest.get(requestId);
    if (known !== undefined) return known;
    const begun = begin();
    if (requestId !== null) this.byRequest.set(requestId, begun);
    return begun;
  }

  private begin(
    type: string,
    machine: FakeMachine | undefined,
    work: (operation: FakeOperation) => Promise<void>,
  ): FakeOperation {
    // What is on its way up can be called off.
    const isFree = machine?.status === 'STAGING' && /stop|delete/.test(type);
    if (machine?.busyWith !== undefined && type !== 'delete' && !isFree) {
      throw new Refused(
        400,
        'resourceNotReady',
        `The resource is not ready: ${machine.busyWith} is under way`,
      );
    }
    if (machine) machine.busyWith = type;
    const operation = new FakeOperation(type, machine?.zone ?? '', machine?.id ?? '0', async (self) => {
      try {
        await work(self);
      } finally {
        if (machine) machine.busyWith = undefined;
      }
    });
    this.operations.push(operation);
    return operation;
  }

  private mustBe(machine: FakeMachine, statuses: readonly string[]): void {
    if (statuses.includes(machine.status) || machine.busyWith !== undefined) return;
    throw new Refused(400, 'invalid', `Invalid state: the instance is ${machine.status}`);
  }

  private maybeFail(type: string, zone: string): void {
    const found = this.failing.find(
      (one) => one.times > 0 && one.type === type && (one.zone ?? zone) === zone,
    );
    if (found === undefined) return;
    found.times--;
    throw new FailedOperation(found.code, `the test lets it fail with ${found.code}`);
  }
}
