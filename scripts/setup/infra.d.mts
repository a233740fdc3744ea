/** The clouds that templates need packages for. */
export function cloudsOf(templates: string[]): string[];
/** Installs and compiles infra/ where that is not done yet. @throws SetupError PULUMI_MISSING */
export function ensureInfra(options: {
  clouds: string[];
  root?: string;
  signal?: AbortSignal;
}): Promise<void>;
export function isInfraReady(options: { clouds: string[]; root?: string }): boolean;
/** Absolute path of what runs an operation of Pulumi. */
export function infraRunner(root?: string): string;
