/** What is used of bittorrent-tracker, which brings no types. */
declare module 'bittorrent-tracker/server' {
  import type { EventEmitter } from 'node:events';
  import type { AddressInfo } from 'node:net';

  export default class Server extends EventEmitter {
    constructor(options: Record<string, unknown>);
    http: { address(): AddressInfo };
    udp4: { address(): AddressInfo };
    torrents: Record<string, { complete: number; incomplete: number } | undefined>;
    listen(port: number, hosts: { http: string; udp: string; udp6: string }): void;
    close(done: (error?: Error) => void): void;
  }
}
