/** A gate without leases: hands out passes for instances that a test runs, and holds while there is none. */
import type { Params } from '../../config/index.js';
import type { ReveilleError } from '../../errors/index.js';
import type { Gate, Pass, Standing, WaitOptions, WaitState } from '../../proxy/gate-contract.js';
import type { Endpoint, Phase, StepTiming } from '../../workflows/messages.js';

interface Waiting {
  resource: string;
  options: WaitOptions;
  resolve(pass: Pass): void;
  reject(error: unknown): void;
}

export class FakeGate implements Gate {
  /** Passes that are out. */
  open = 0;
  /** Passes that did not count as use, in all. */
  quiet = 0;
  /** Passes handed out in all. */
  entered = 0;
  /** What was said about instances that did not answer. */
  readonly unreachable: string[] = [];
  /** Reasons of all wakes. */
  readonly reasons: string[] = [];
  /** Traces that they belong to. */
  readonly traces: (string | undefined)[] = [];
  /** Called when an instance was unreachable: a test may wake another one. */
  onUnreachable: () => void = () => {};
  states = new Map<string, WaitState>();
  standings = new Map<string, Standing>();
  readonly nudged: string[] = [];
  /** What was entered and had to wait, or did not: with what members are made from. */
  readonly asked: { resource: string; params?: Params | undefined }[] = [];
  readonly #awake = new Map<string, { endpoint: Endpoint; generation: number }>();
  readonly #waiting = new Set<Waiting>();
  #generation = 0;

  /** The resource is ready here; who waits goes on. */
  wake(resource: string, port: number, cold?: { waited: number; steps: StepTiming[] }): void {
    this.#generation++;
    this.#awake.set(resource, { endpoint: { host: '127.0.0.1', port }, generation: this.#generation });
    for (const one of this.#of(resource)) one.resolve(this.#pass(resource, cold));
  }

  /** The wake fails; who waits is told. */
  fail(resource: string, error: ReveilleError): void {
    for (const one of this.#of(resource)) one.reject(error);
  }

  sleep(resource: string): void {
    this.#awake.delete(resource);
  }

  tryEnter(resource: string, quiet = false): Pass | undefined {
    if (quiet && this.#awake.has(resource)) this.quiet++;
    return this.#awake.has(resource) ? this.#pass(resource) : undefined;
  }

  enter(resource: string, options: WaitOptions): Promise<Pass> {
    this.reasons.push(options.reason);
    this.traces.push(options.trace);
    this.asked.push({ resource, params: options.params });
    const ready = this.tryEnter(resource);
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      const one = { resource, options, resolve, reject };
      this.#waiting.add(one);
      options.signal.addEventListener('abort', () => {
        this.#waiting.delete(one);
        reject(options.signal.reason);
      });
    });
  }

  phase(resource: string): Promise<Phase> {
    return Promise.resolve(this.states.get(resource)?.phase ?? 'asleep');
  }

  standing(resource: string): Standing | undefined {
    return this.standings.get(resource);
  }

  nudge(resource: string): void {
    this.nudged.push(resource);
  }

  state(resource: string): WaitState | undefined {
    return this.states.get(resource);
  }

  look(resource: string): Promise<WaitState> {
    return Promise.resolve(this.states.get(resource) ?? { phase: 'asleep' });
  }

  held(): number {
    return this.#waiting.size;
  }

  #of(resource: string): Waiting[] {
    const found = [...this.#waiting].filter((one) => one.resource === resource);
    for (const one of found) this.#waiting.delete(one);
    return found;
  }

  #pass(resource: string, cold?: { waited: number; steps: StepTiming[] }): Pass {
    const { endpoint, generation } = this.#awake.get(resource) ?? {
      endpoint: { host: '127.0.0.1', port: 0 },
      generation: 0,
    };
    let out = true;
    this.open++;
    this.entered++;
    const release = (): void => {
      if (out) this.open--;
      out = false;
    };
    return {
      endpoint,
      generation,
      ...(cold === undefined ? {} : { cold }),
      release,
      unreachable: (error) => {
        release();
        this.unreachable.push(error);
        if (this.#awake.get(resource)?.generation === generation) this.sleep(resource);
        this.onUnreachable();
      },
    };
  }
}
