import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import net from 'node:net';
import { ReveilleError } from '../../errors/index.js';

/** An address that something of ours will listen on. */
export interface PortUse {
  host: string;
  port: number;
  /** Whose it is, such as `the Temporal UI`. */
  what: string;
  /** Where reveille.yaml names it. */
  key: string;
}

/** @throws ReveilleError PORT_IN_USE naming each address that is taken, and by which process. */
export async function checkPorts(uses: readonly PortUse[]): Promise<void> {
  const problems: string[] = [];
  for (const use of uses) {
    const code = await bindError(use);
    if (code !== undefined) problems.push(portProblem(use, code));
  }
  if (problems.length > 0) throw new ReveilleError('PORT_IN_USE', problems.join('\n'));
}

/** What is wrong with an address, in words. @param code of the failed bind(2), such as EADDRINUSE */
export function portProblem({ host, port, what, key }: PortUse, code: string): string {
  const place = `${host}:${port} (${what}, ${key})`;
  if (code === 'EACCES') return `${place}: this user may not listen on that port`;
  if (code === 'EADDRNOTAVAIL') return `${place}: this machine has no such address`;
  if (code !== 'EADDRINUSE') return `${place}: ${code}`;
  const holder = holderOf(port);
  return `${place} is in use${holder === undefined ? '' : ` by process ${holder.pid} (${holder.command})`}`;
}

/** The code of what bind(2) says to an address, such as EADDRINUSE; undefined where it is free. */
export function bindError({ host, port }: Pick<PortUse, 'host' | 'port'>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** The process that listens on a port, with the beginning of its command line, where /proc tells us. */
export function holderOf(port: number): { pid: number; command: string } | undefined {
  const inodes = new Set([...listening('/proc/net/tcp', port), ...listening('/proc/net/tcp6', port)]);
  if (inodes.size === 0) return undefined;
  for (const pid of entries('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const fd of entries(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(
        quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '',
      )?.[1];
      if (inode !== undefined && inodes.has(inode)) {
        return { pid: Number(pid), command: commandLine(pid) };
      }
    }
  }
  return undefined;
}

/** Inodes of listening sockets: proc(5), field 2 is address:port in hex, field 4 the state (0A: listening). */
function listening(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return (quietly(() => readFileSync(table, 'utf8')) ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${wanted}`))
    .flatMap((fields) => fields[9] ?? []);
}

function commandLine(pid: string): string {
  const text = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
  return text.replaceAll('\0', ' ').trim().slice(0, 80);
}

const entries = (folder: string): string[] => quietly(() => readdirSync(folder)) ?? [];

/** Processes come and go while they are looked at, and those of other users cannot be read. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
