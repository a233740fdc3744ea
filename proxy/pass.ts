import type { Endpoint, StepTiming } from '../workflows/messages.js';
import type { Pass } from './gate-contract.js';
import type { Lease } from './lease.js';

/** One request's (or connection's) use of a lease. */
export class LeasePass implements Pass {
  private done = false;

  constructor(
    private readonly gate: { lost(lease: Lease, error: string): void },
    private readonly lease: Lease,
    readonly cold?: { waited: number; steps: StepTiming[] } | undefined,
    /** It does not count as use. */
    private readonly quiet = false,
  ) {}

  get endpoint(): Endpoint {
    return this.lease.endpoint;
  }

  get generation(): number {
    return this.lease.generation;
  }

  release(): void {
    if (this.done) return;
    this.done = true;
    this.lease.usage.end(this.quiet);
  }

  unreachable(error: string): void {
    if (this.done) return;
    this.release();
    this.gate.lost(this.lease, error);
  }
}
