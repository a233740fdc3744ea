import type { Discovered, ResourceDefinition } from '../../config/index.js';
import type { ErrorCode } from '../../errors/index.js';
import type { Client, Endpoint, Instance, StopMode } from '../../workflows/messages.js';
import type { InspectResult } from '../contract.js';
import type { HandedImages } from '../images/handed.js';

/** One generation of one resource, as a provider sees it. */
export interface BootRequest {
  name: string;
  params: Record<string, string>;
  generation: number;
  definition: ResourceDefinition;
  /** Names the definition; kept in the instance's record. */
  revision: string;
  /** Whose connection woke it, where it was one. */
  client?: Client;
  /** Images of the definition that are there, by their slots: all of them for a boot. Absent where it names none. */
  images?: HandedImages;
}

/** One connection that gets an endpoint of its own. */
export interface Connection {
  /** The same each time the same connection is asked for. */
  key: string;
  client: Client;
}

export interface ProviderContext {
  /** Aborted when the activity is cancelled or the worker ends. */
  signal: AbortSignal;
  /** Says that it is still alive and how far it is. Cheap: may be called often. */
  heartbeat(progress?: string): void;
  /** What the try before this one said last; undefined in the first. Nobody hears what is said within 4 s of a death. */
  before?: string;
}

/** What runs under our labels, as reconcile lists it. */
export interface Found {
  name: string;
  instance: Instance;
  state: 'running' | 'suspended';
  /** What it was made from, where it is the member of a pool. */
  params?: Record<string, string>;
}

export interface StopOptions {
  then: StopMode;
  force: boolean;
  /** Its boot was not finished: what was created for this generation alone is removed, its log has been told. */
  unfinished?: boolean;
}

export type Change =
  /** An instance has ended, and nobody had told it to. */
  | { kind: 'ended'; name: string; generation: number; reason: string }
  /** `discover` may find something else than before. */
  | { kind: 'listed' };

/**
 * What can start, inspect and stop one kind of resource. Every method may be called again after it was cut off
 * anywhere, by another worker too, and must come to the same end. Errors are ReveilleErrors of the catalogue:
 * those in `retried` by the lifecycle are tried again quietly, all others fail the generation at once.
 */
export interface Provider {
  /** True where instances live on the worker's own host. */
  readonly hostBound: boolean;
  /** `adopted`: it ran before, and somebody may hold leases of it; so not where it was resumed from suspension. */
  boot(request: BootRequest, context: ProviderContext): Promise<{ instance: Instance; adopted: boolean }>;
  inspect(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult>;
  /** Makes `request.generation` the owner of what runs as `instance`. */
  adopt(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult>;
  /** Ends when nothing of that generation runs (or it is suspended). Without instance: whatever that generation began. */
  stop(
    request: BootRequest,
    instance: Instance | undefined,
    options: StopOptions,
    context: ProviderContext,
  ): Promise<void>;
  /** Resolves with why, when the instance has ended; used to fail a boot at once. Never rejects; ends with the signal. */
  watch(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<{ reason: string; log?: string } | undefined>;
  /** Where a resource with an endpoint for each connection sends this one. A second call comes to the same answer. */
  connect?(
    request: BootRequest,
    instance: Instance,
    connection: Connection,
    context: ProviderContext,
  ): Promise<Endpoint>;
  list(context: ProviderContext): Promise<Found[]>;
  /** Tells what happens as it happens, where the engine does; others wait for `list`. Ends with the signal. */
  follow?(tell: (change: Change) => void, context: ProviderContext): Promise<void>;
  /** Resources that the engine's own labels define, by name: as in reveille.yaml, unchecked. */
  discover?(context: ProviderContext): Promise<Discovered>;
  /** Names of which something is kept although they may be asleep, and that `stop` with `delete` would remove. */
  kept?(context: ProviderContext): Promise<string[]>;
  /** Last lines of the instance's log, bounded and masked. */
  logTail(request: Pick<BootRequest, 'name' | 'definition'>, bytes: number): Promise<string>;
  /** Housekeeping that the worker calls every few seconds, where there is any. */
  maintain?(context: ProviderContext): Promise<void>;
}

export const RETRIED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['TEMPORAL_UNREACHABLE', 'INTERNAL']);
