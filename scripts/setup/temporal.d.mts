/** Finds, downloads or builds a Temporal binary. @returns its absolute path. */
export function ensureTemporal(options?: {
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  archiveUrl?: string;
}): Promise<string>;
export function findTemporal(options?: {
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}): Promise<string | undefined>;
