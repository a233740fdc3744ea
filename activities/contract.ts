/**
 * What the workflow asks of the world. The workflow imports these types only; their implementation is in
 * lifecycle.ts, their providers in providers/.
 */
import type {
  ChoreInput,
  ChoreResult,
  Client,
  Endpoint,
  EnterArgs,
  ImageInput,
  ImageResult,
  Instance,
  MissingImage,
  QuotaLimits,
  StopMode,
  WantArgs,
} from '../workflows/messages.js';

/** Which resource an activity acts for. No setting travels: the worker has the definition. */
export interface Target {
  name: string;
  params?: Record<string, string>;
  /** Names the definition that the generation was booted with. */
  revision: string;
  generation: number;
  /** The trace of the wake that led to it, as a traceparent. */
  trace?: string;
}

/** What the workflow must know of a definition: times (ms) and queues. */
export interface Plan {
  name: string;
  provider: string;
  revision: string;
  /** Queue names; host-bound ones where the provider is. */
  bootQueue: string;
  stopQueue: string;
  host?: string;
  /** Of what is bound to a host: whether it may be given up there and boot on another. Absent in older plans. */
  moves?: boolean;
  hasHealth: boolean;
  hasProbe: boolean;
  then: StopMode;
  /** Bounds of its provider, where there are any: it asks for a place before it boots. */
  quota?: QuotaLimits;
  /** Where its images are made usable, if it has any. Their sources are the worker's business. */
  images?: ImagePlan;
  /** Search attributes are registered in this namespace. */
  searchAttributes: boolean;
  times: {
    idleAfter: number;
    lease: number;
    /** Longest lease of any resource: the wait before an adopted one may be stopped. */
    longestLease: number;
    drain: number;
    bootTimeout: number;
    healthTimeout: number;
    backoffFirst: number;
    backoffMax: number;
    probeInterval: number;
    probeTimeout: number;
    probeFailLimit: number;
  };
}

export interface ImagePlan {
  /** The host, or a region of a cloud. */
  place: string;
  /** On which the place's images are made. */
  queue: string;
  /** For one image as a whole, in milliseconds. */
  timeoutMs: number;
}

export interface Holder {
  proxy: string;
  at: string;
}
/** What a holder said when it was asked (leases.md 12). */
export type HolderAnswer =
  /** `holds`: it would still forward. */
  | { proxy: string; answer: 'open'; holds: boolean; open: number; idleFor: number }
  /** Another proxy id answers at that address, so the holder is dead. */
  | { proxy: string; answer: 'gone' }
  | { proxy: string; answer: 'silent' };

export type InspectResult =
  | { state: 'running'; instance: Instance }
  | { state: 'suspended' | 'stopped' | 'gone'; reason?: string; log?: string };
export type ProbeResult = { idle: boolean; failed?: string };

export interface LifecycleActivities {
  /** Looks the definition up on this worker. Fails with RESOURCE_UNKNOWN. */
  describe(input: {
    name: string;
    params?: Record<string, string>;
    revision?: string;
    host?: string;
    /** It runs already, or is to be removed: no room is needed for it. */
    adopted?: boolean;
  }): Promise<Plan>;
  /**
   * Starts the instance, or resumes or takes over what is there (found by label): one instance however often
   * and wherever this runs. `adopted` says that it ran before. `healthAfter` says that it turned healthy while
   * this still watched, and after how many ms; without it, `waitHealthy` comes next.
   */
  boot(
    target: Target & { client?: Client },
  ): Promise<{ instance: Instance; adopted: boolean; healthAfter?: number }>;
  /** Resolves when healthy. Fails with INSTANCE_DIED or HEALTH_TIMEOUT, carrying a Failure. */
  waitHealthy(target: Target & { instance: Instance }): Promise<void>;
  inspect(target: Target & { instance: Instance }): Promise<InspectResult>;
  /** Takes what runs without an execution over as generation `target.generation`. */
  adopt(target: Target & { instance: Instance }): Promise<InspectResult>;
  /**
   * Stops exactly what this generation started; succeeds where nothing is left of it. `unfinished`: it was never
   * ready, and what was created for it alone is of no use to anybody.
   */
  stop(
    target: Target & { instance?: Instance; then: StopMode; force?: boolean; unfinished?: boolean },
  ): Promise<void>;
  /** Where a resource that has an endpoint for each connection sends this one. `key` names the connection. */
  connect(
    target: Target & { instance: Instance; connection: { key: string; client: Client } },
  ): Promise<Endpoint>;
  probeIdle(target: Target & { instance: Instance }): Promise<ProbeResult>;
  /** Asks holders; with `revoke` they give the generation up for good before they answer. */
  askHolders(input: {
    name: string;
    generation: number;
    holders: Holder[];
    revoke: boolean;
  }): Promise<HolderAnswer[]>;
  /** Asks `quota:<provider>` for a place, starting it where it does not run. */
  enterQuota(input: { provider: string; args: EnterArgs }): Promise<void>;
  /** Those of the resources that have an open execution. */
  openResources(input: { names: string[] }): Promise<string[]>;
  /**
   * Takes the images of a definition for a generation, so that nothing evicts them until it is stopped.
   * @returns those that are not there, or not registered any more; the place remembers their sources.
   */
  ensureImages(target: Target): Promise<MissingImage[]>;
  /** Asks the workflows of images to tell that resource, starting those that do not run. */
  wantImages(input: ImagePlan & WantArgs & { images: MissingImage[] }): Promise<void>;
  /** Fetches, checks, unpacks and registers one image on this host, from where an earlier try was cut off. */
  makeImage(input: ImageInput): Promise<ImageResult>;
  /** What the command line or the API asks of this host's images. */
  doImageChore(input: ChoreInput): Promise<ChoreResult>;
  /** Whether any worker polls that host's queue. */
  hostPresent(input: { queue: string }): Promise<boolean>;
}
