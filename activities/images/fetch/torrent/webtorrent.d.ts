/** What is used of WebTorrent 2, which brings no types. */
declare module 'webtorrent' {
  import type { EventEmitter } from 'node:events';

  export interface TorrentFile {
    /** Its last name. */
    name: string;
    /** All its names, from the torrent's own on. */
    path: string;
    /** Bytes. */
    length: number;
    /** Where it begins among the bytes of the torrent. */
    offset: number;
    done: boolean;
    downloaded: number;
    select(): void;
  }

  /** Emits `metadata`, `ready`, `warning`, `error`. */
  export interface Torrent extends EventEmitter {
    files: TorrentFile[];
    /** The bencoded description, once it is known. */
    torrentFile: Uint8Array;
    pieceLength: number;
    /** Bytes of all files. */
    length: number;
    /** Bytes given to peers. */
    uploaded: number;
    ready: boolean;
    destroyed: boolean;
    destroy(): void;
  }

  export default class WebTorrent extends EventEmitter {
    constructor(options: Record<string, unknown>);
    add(torrent: string | Uint8Array, options: Record<string, unknown>): Torrent;
    /** The port that peers connect to, once `listening`. */
    torrentPort: number;
    listening: boolean;
    destroy(done: () => void): void;
  }
}
