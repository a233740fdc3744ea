import { randomBytes } from 'node:crypto';

/** Tells the ids of one process start from those of all others. */
const PROCESS = randomBytes(5).toString('hex');
const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:~+/=-]{0,127}$/;
let count = 0;

/** A short id, unique among processes; names a request in logs, errors and wake reasons. It is no secret. */
export function newRequestId(): string {
  count++;
  return `${PROCESS}-${count.toString(36)}`;
}

/** The peer's own id, where it is believed and well formed; else a new one. */
export function requestIdOf(given: string | string[] | undefined, trusted: boolean): string {
  if (trusted && typeof given === 'string' && WELL_FORMED.test(given)) return given;
  return newRequestId();
}
