/** Takes the lock file, or says which living process has it. The death of its holder frees it. */
export function tryLock(file: string): { release: () => void } | { holder: number };
/** The living process that has the lock file. */
export function lockHolder(file: string): number | undefined;
/** A process as pid and start time, so that a pid that was handed out again is another. */
export function processIdentity(pid: number): string;
export function isAlive(identity: string): boolean;
