/** What the process that speaks BitTorrent and its parent say to each other, as JSON. */
import type { PeerRules } from './outgoing.js';

/** Where the process may listen, and how much it may give. */
export interface ClientSettings {
  /** For peers that connect here. */
  host: string;
  /** 0: any that is free. */
  port: number;
  maxPeers: number;
  /** 0: gives nothing. */
  uploadBytesPerSecond: number;
}

/** Which torrent: a magnet link, or the path of a .torrent file. */
export type TorrentId = { magnet: string } | { file: string };

export interface FetchTask {
  do: 'fetch';
  torrent: TorrentId;
  /** Of several files in it, the name of the one that is wanted. */
  name?: string;
  /** Where its bytes go, each at its place. */
  pieces: string;
  /** Where the torrent's own description goes, for later seeding. */
  description: string;
  client: ClientSettings;
  rules: PeerRules;
}

export interface HeldFile {
  /** The .torrent that describes it. */
  torrentFile: string;
  /** Of several files in the torrent, the name of the one that is held. */
  name?: string;
  /** The bytes: only read. */
  file: string;
}

export interface SeedTask {
  do: 'seed';
  held: readonly HeldFile[];
  /** A torrent is given no more when so many times its size was; since this process began. */
  ratio: number;
  client: ClientSettings;
  rules: PeerRules;
}

export type Task = FetchTask | SeedTask;

/** Room is set aside: the fetch may begin. */
export interface Go {
  do: 'go';
}

export type FromChild =
  /** What will come: asks for `go`. */
  | { is: 'described'; bytes: number }
  /** Bytes that are there and right; `checking` while those of an earlier process are looked at. */
  | { is: 'progress'; bytes: number; checking: boolean }
  | { is: 'done'; bytes: number }
  | { is: 'failed'; why: string }
  /** Of a tracker or peer: others may do. */
  | { is: 'warning'; why: string }
  /** Peers may connect there. */
  | { is: 'seeding'; port: number };
