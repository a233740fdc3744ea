/**
 * The words between an image's workflow and everybody else; messages.ts hands them on. As there: add, never change.
 */
import type { Failure } from './messages.js';

export const IMAGE_TYPE = 'imageLifecycle';
const ID_PREFIX = 'image:';
/** One execution for each image and place (the name of a host, or a region of a cloud) while it is being made usable. */
export const imageId = (key: string, place: string): string => `${ID_PREFIX}${key}@${place}`;
export const imageSignals = { want: 'want', progress: 'progress' } as const;
export const imageQueries = { image: 'image' } as const;

/** How far it is. Total is unknown where no server said. */
export interface ImageProgress {
  step: 'waiting' | 'fetching' | 'checking' | 'unpacking' | 'converting' | 'registering';
  bytes: number;
  total?: number;
}

export const proofText = (key: string, place: string): string => `image ${key}@${place}`;

/** An image that no configuration names: without credentials, since it stands in histories. */
export interface AddedImage {
  urls: readonly [string, ...string[]];
  sha256?: string;
  sha512?: string;
  sha1?: string;
  type: string;
  compression: string;
  metadata?: boolean;
  guid?: string;
  register?: string;
  /**
   * HMAC of `proofText` with the secret of the installation: the operator named it, so it may lead to private addresses
   * and files. Whoever only reaches Temporal cannot make one.
   */
  proof?: string;
}

export interface ImageInput {
  key: string;
  place: string;
  /** For people: the last part of its URL, or its GUID. */
  name: string;
  /** Where its activity runs: on the host whose cache it goes to. */
  queue: string;
  /** For the whole of it, in milliseconds; then it has failed for everybody. */
  timeoutMs: number;
  /** Absent: the host knows the source by the key. */
  added?: AddedImage;
  /** Search attributes are registered in this namespace. */
  searchAttributes?: boolean;
  /** The workflow's own: what it hands to its successor. */
  carried?: unknown;
}

/** An image that a generation needs and that is not usable yet. */
export interface MissingImage {
  key: string;
  /** For people. */
  name: string;
}

/** Asks to be told by signals `image`. */
export interface WantArgs {
  resource: string;
  /** The generation that needs it. */
  ticket: number;
}

/** Result of a closed execution. */
export interface ImageResult {
  key: string;
  /** Of the bytes at the URL; absent in test mode. */
  sha256?: string;
  bytes: number;
  /** What its place calls it, where it was registered. */
  id?: string;
}

/** What the workflow tells those who want it: signal `image` of a resource's workflow. One of the last three. */
export interface ImageNews {
  ticket: number;
  key: string;
  progress?: ImageProgress;
  ready?: true;
  failure?: Failure;
}

/** What is known of the images that a generation waits for, by key. */
export type ImagesAwaited = Record<string, Omit<ImageNews, 'ticket' | 'key'>>;

export const CHORE_TYPE = 'imageChore';
/** What is asked of the images of one place, by its worker. `name`: a key, sha256 or GUID, or how one of them begins. */
export type ImageChore =
  | { do: 'list' }
  | { do: 'show' | 'remove'; name: string }
  | { do: 'seed'; name: string; on: boolean }
  | { do: 'collect'; all: boolean };
export interface ChoreInput {
  chore: ImageChore;
  place: string;
  /** Of the place. */
  queue: string;
}
export interface ImageLine {
  key: string;
  name: string;
  type: string;
  /** Of the bytes at its URL. */
  sha256?: string;
  guid?: string;
  /** Without user, password and query. */
  url?: string;
  /** What it takes up on the disk. */
  bytes: number;
  lastUse: number;
  /** Resources, with the generation where that is awake. */
  users: string[];
  registrations: { place: string; id: string }[];
}
export interface ImageDetails extends ImageLine {
  /** Of the files: absolute paths on that host. */
  files: string[];
  created: number;
  checked: number;
}
/** What a chore comes to: that of `list`, `show`, and the others. */
export interface ImageListing {
  place: string;
  budget: number;
  used: number;
  images: ImageLine[];
}
export interface ImageRemoval {
  removed: readonly string[];
  /** A place would not let go of them. */
  kept: readonly string[];
}
/** Whether an image is given to others by BitTorrent now. */
export interface ImageSeeding {
  name: string;
  seeding: boolean;
}
export type ChoreResult = ImageListing | ImageDetails | ImageRemoval | ImageSeeding;

/** Answer of the `image` query. */
export interface ImageState {
  key: string;
  place: string;
  name: string;
  /** Clock time in milliseconds. */
  since: number;
  progress: ImageProgress;
  /** Names of the resources that wait for it. */
  waiting: string[];
  failure?: Failure;
}
