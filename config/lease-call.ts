/**
 * The call by which a workflow's activity asks a proxy about its lease (leases.md 10 and 12): `POST /lease` at
 * the proxy's control address, signed with the shared secret over `leaseCallText(body)`.
 */
export const LEASE_PATH = '/lease';
export const leaseCallText = (body: string): string => `POST ${LEASE_PATH}\n${body}`;

export interface LeaseQuestion {
  resource: string;
  generation: number;
  /** Give this generation up for good, before answering. */
  revoke: boolean;
}
export interface LeaseReply {
  /** Who answers: one start of one proxy process. */
  proxy: string;
  /** It would still forward to that generation. */
  holds: boolean;
  open: number;
  /** Milliseconds since the last use. */
  idleFor: number;
}
