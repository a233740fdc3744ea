import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { definitionOf } from '../../../config/index.js';
import { type ErrorCode, ReveilleError } from '../../../errors/index.js';
import type { Instance } from '../../../workflows/messages.js';
import type { InspectResult } from '../../contract.js';
import type { BootRequest, Found, Provider, ProviderContext } from '../../providers/contract.js';
import { isFolderName } from '../atomic.js';
import type { HostServices } from '../services.js';
import { Boot, type Booted } from './boot.js';
import type { RunClaim } from './claims.js';
import { Host } from './host.js';
import { formatIdentity, type LifeState, lifeOf, parseIdentity } from './identity.js';
import type { Kind } from './kind.js';
import { type StopOptions, stopGeneration } from './stop.js';

const FIRST_LOOK_MS = 25;
const LONGEST_LOOK_MS = 100;
const DEFAULT_LOG_BYTES = 1_000_000;

/**
 * Runs a detached process group of this host: it lives on when the worker does not. Identity is
 * pid, start time and the kernel's boot id; what may be started and ended by whom is decided in `Claims`.
 */
export class GroupProvider implements Provider {
  readonly hostBound = true;
  private readonly host: Host;

  constructor(services: HostServices, kind: Kind) {
    this.host = new Host(services, kind);
  }

  boot(request: BootRequest, context: ProviderContext): Promise<Booted> {
    context.signal.throwIfAborted();
    const boot = new Boot(this.host, this.host.home(request.name), request, context);
    return named('BOOT_FAILED', boot.run());
  }

  async inspect(request: BootRequest, instance: Instance): Promise<InspectResult> {
    const life = lifeOfInstance(instance);
    if (life === 'running') return { state: 'running', instance };
    if (life === 'suspended') return { state: 'suspended' };
    return this.gone(request, instance);
  }

  async adopt(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    const { claims } = this.host.home(request.name);
    const life = lifeOfInstance(instance);
    if (life === 'gone') return this.gone(request, instance);
    // Only what we started: whoever may send signals must not have us end any process of this host.
    const known = claims.newestRun();
    if (known === undefined || formatIdentity(known.identity) !== instance.id) {
      return { state: 'gone', reason: 'no such process was started here' };
    }
    if (life === 'suspended') return { state: 'suspended' };
    const home = this.host.home(request.name);
    claims.prepare();
    claims.begin(request.generation);
    const boot = new Boot(this.host, home, request, context);
    const taken = known.generation === request.generation ? await boot.run() : await boot.takeOver(known);
    if (taken !== undefined) return { state: 'running', instance: taken.instance };
    await this.finishStop(request, known, context);
    return this.gone(request, instance);
  }

  stop(
    request: BootRequest,
    _instance: Instance | undefined,
    options: StopOptions,
    context: ProviderContext,
  ): Promise<void> {
    return named('STOP_FAILED', stopGeneration(this.host, request, options, context));
  }

  async watch(
    request: BootRequest,
    instance: Instance,
    { signal }: ProviderContext,
  ): Promise<{ reason: string; log?: string } | undefined> {
    const ended = this.host.exits.ended(instance.id);
    for (let pause = FIRST_LOOK_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_LOOK_MS)) {
      if (lifeOfInstance(instance) === 'gone') {
        const reason = await this.host.exits.reason(instance.id);
        return { reason, log: await this.host.deathLog(request).catch(() => '') };
      }
      const look = sleep(pause, undefined, { signal }).catch(() => undefined);
      await (ended === undefined ? look : Promise.race([ended, look]));
    }
    return undefined;
  }

  async list(): Promise<Found[]> {
    return this.names().flatMap((name) => {
      const claim = this.host.home(name).claims.newestRun();
      const state = claim === undefined ? 'gone' : lifeOf(claim.identity);
      return claim === undefined || state === 'gone'
        ? []
        : [{ name, instance: this.host.instance(claim), state, ...paramsOf(claim) }];
    });
  }

  async kept(): Promise<string[]> {
    return this.names().filter((name) => this.host.home(name).isKept);
  }

  logTail({ name, definition }: Pick<BootRequest, 'name' | 'definition'>, bytes: number): Promise<string> {
    return this.host.home(name).log.tail(bytes, this.host.masker(definition));
  }

  /** Keeps the logs within their bounds. */
  async maintain(): Promise<void> {
    for (const name of this.names()) {
      const limit = definitionOf(this.host.config, name)?.[this.host.kind.name]?.logSize ?? DEFAULT_LOG_BYTES;
      await this.host
        .home(name)
        .log.rotate(limit)
        .catch((err) =>
          this.host.log.warn({ err, resource: name }, 'the log could not be kept within its bound'),
        );
    }
  }

  /** Every resource that was ever booted here. */
  private names(): string[] {
    try {
      return readdirSync(this.host.folder).filter(isFolderName);
    } catch {
      return [];
    }
  }

  private async gone(request: BootRequest, instance: Instance): Promise<InspectResult> {
    const reason = await this.host.exits.reason(instance.id);
    return { state: 'gone', reason, log: await this.host.deathLog(request) };
  }

  /** Ends what somebody began to stop and did not end. */
  private finishStop(request: BootRequest, claim: RunClaim, context: ProviderContext): Promise<void> {
    const begun = { ...request, generation: claim.generation };
    return stopGeneration(this.host, begun, { then: 'stop', force: false }, context);
  }
}

/** Gives what the operating system refuses (a full disk, a folder of somebody else's) a name of the catalogue. */
async function named<T>(code: ErrorCode, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new ReveilleError(code, error.message, { cause: error });
    throw error;
  }
}

const paramsOf = ({ params }: RunClaim) => (params === undefined ? {} : { params });

function lifeOfInstance({ id }: Instance): LifeState {
  const identity = parseIdentity(id);
  return identity === undefined ? 'gone' : lifeOf(identity);
}
