/** What follower.ts and its thread say to each other. */
export type HashAlgorithm = 'sha256' | 'sha512' | 'sha1';

export interface HashTask {
  file: string;
  algorithms: readonly HashAlgorithm[];
}

export interface ToThread {
  /** So many bytes of the file are written. */
  upTo: number;
  /** Nothing will follow: the digests are wanted. */
  last: boolean;
}

export interface FromThread {
  hashed: number;
  digests?: [HashAlgorithm, string][];
}
