/** The parts of Compute Engine's resources (REST, v1) that are used here. */

export interface MetadataItem {
  key: string;
  value: string;
}

export interface NetworkInterface {
  network?: string;
  subnetwork?: string;
  networkIP?: string;
  accessConfigs?: { type?: string; name?: string; natIP?: string }[];
}

/** https://cloud.google.com/compute/docs/reference/rest/v1/instances */
export interface Machine {
  /** Another one for each machine that ever was: what is asked of it concerns no other of the same name. */
  id: string;
  name: string;
  /** URL. */
  zone: string;
  status: string;
  statusMessage?: string;
  labels?: Record<string, string>;
  /** Of the labels: who sends another one is refused (412). */
  labelFingerprint?: string;
  /** RFC 3339. */
  lastStartTimestamp?: string;
  metadata?: { items?: MetadataItem[] };
  networkInterfaces?: NetworkInterface[];
}

/** https://cloud.google.com/compute/docs/reference/rest/v1/zoneOperations */
export interface Operation {
  id: string;
  name: string;
  status: 'PENDING' | 'RUNNING' | 'DONE';
  operationType?: string;
  progress?: number;
  /** When it was asked for (RFC 3339). */
  insertTime?: string;
  statusMessage?: string;
  error?: { errors?: { code?: string; message?: string }[] };
}

export const lastPart = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
