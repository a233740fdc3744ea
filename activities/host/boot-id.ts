import { readFileSync } from 'node:fs';

let knownBootId: string | undefined;
/** Names this run of the kernel: no process outlives it. */
export function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBootId;
}
