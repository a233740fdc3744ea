import type { ResourceDefinition } from './resource-schema.js';

const BACKLOG = 100;
/**
 * QEMU's user network listens on the host with a backlog of 1 (libslirp, `tcpx_listen`). Of connections that come at
 * once two are taken; the others' handshakes are dropped, tried again a second later all together, and served two by
 * two at moments that lie ever farther apart: of fifty, half had no answer after a minute.
 */
const QEMU_USER_BACKLOG = 1;

/** How many new connections may wait for the instance to accept them. */
export function backlogOf({ endpoint, qemu }: ResourceDefinition): number {
  return endpoint.backlog ?? (qemu?.network === 'user' ? QEMU_USER_BACKLOG : BACKLOG);
}
