/** @returns the path of Caddy, where this machine has it */
export function findCaddy(): string | undefined;
/** @returns a folder in whose node_modules the package is, where it was installed for benchmarks */
export function findPackage(name: string): string | undefined;
/** Gets those that package registries have. */
export function installPeers(signal?: AbortSignal): Promise<void>;
