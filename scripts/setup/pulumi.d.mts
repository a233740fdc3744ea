interface Options {
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}
/** Finds a Pulumi command line that runs. @returns its absolute path. */
export function findPulumi(options?: Options): Promise<string | undefined>;
/** Finds or builds one. @throws SetupError PULUMI_MISSING */
export function ensurePulumi(options?: Options): Promise<string>;
