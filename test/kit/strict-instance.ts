import type { TestContext } from 'node:test';
import { type Instance, type Peer, startInstance } from './http-bench.js';

/** A request as the instance read it. */
export interface Counted {
  method: string;
  target: string;
  /** Values of X-Request-Id: the proxy gives each request exactly one. */
  ids: string[];
}

export interface StrictInstance extends Instance {
  readonly requests: Counted[];
  /** What came that is no request by the letter of RFC 9112. */
  readonly faults: string[];
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/1\.1$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)$/;
const CHUNK = /^[0-9a-fA-F]{1,15}$/;

/** An instance that takes nothing but requests to the letter, counts them and answers each. */
export async function startStrictInstance(t: TestContext): Promise<StrictInstance> {
  const requests: Counted[] = [];
  const faults: string[] = [];
  const instance = await startInstance(t, (peer) => new StrictReader(peer, requests, faults), {
    keep: false,
  });
  return { ...instance, requests, faults };
}

class StrictReader {
  private text = '';
  /** Bytes of a body that still have to come; 'chunked' before a chunk's size, 'trailers' after the last. */
  private rest: number | 'head' | 'chunked' | 'trailers' = 'head';
  private inChunk = false;
  private isHead = false;
  private failed = false;

  constructor(
    private readonly peer: Peer,
    private readonly requests: Counted[],
    private readonly faults: string[],
  ) {
    peer.socket.on('data', (chunk) => {
      this.text += chunk.toString('latin1');
      while (!this.failed && this.step());
    });
    peer.socket.on('end', () => peer.socket.end());
  }

  /** @returns whether there may be more to do. */
  private step(): boolean {
    if (this.rest === 'head') return this.readHead();
    if (this.rest === 'chunked') return this.readChunkSize();
    if (this.rest === 'trailers') return this.readTrailer();
    const taken = Math.min(this.rest, this.text.length);
    this.text = this.text.slice(taken);
    this.rest -= taken;
    if (this.rest > 0) return false;
    if (!this.inChunk) return this.answer();
    if (this.text.length < 2) return false;
    if (!this.text.startsWith('\r\n')) return this.fault('no CRLF after a chunk');
    this.text = this.text.slice(2);
    this.rest = 'chunked';
    return true;
  }

  private readHead(): boolean {
    const end = this.text.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.text.slice(0, end);
    this.text = this.text.slice(end + 4);
    const [line = '', ...lines] = head.split('\r\n');
    const [, method, target] = REQUEST_LINE.exec(line) ?? [];
    if (method === undefined || target === undefined) return this.fault(`request line ${line}`);
    const fields = lines.map((one) => FIELD.exec(one));
    if (fields.includes(null)) return this.fault(`a field in ${head}`);
    const valuesOf = (name: string) =>
      fields.flatMap((field) => (field?.[1]?.toLowerCase() === name ? [field[2] ?? ''] : []));
    this.requests.push({ method, target, ids: valuesOf('x-request-id') });
    this.isHead = method === 'HEAD';
    if (valuesOf('host').length !== 1) return this.fault(`Host in ${head}`);
    return this.frame(head, valuesOf('content-length'), valuesOf('transfer-encoding'));
  }

  private frame(head: string, lengths: string[], codings: string[]): boolean {
    if (lengths.length + codings.length > 1) return this.fault(`framing in ${head}`);
    const [length = '0'] = lengths;
    const [coding] = codings;
    if (!/^\d+$/.test(length) || (coding !== undefined && coding !== 'chunked'))
      return this.fault(`framing in ${head}`);
    this.inChunk = coding !== undefined;
    this.rest = this.inChunk ? 'chunked' : Number(length);
    return true;
  }

  private readLine(): string | undefined {
    const end = this.text.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = this.text.slice(0, end);
    this.text = this.text.slice(end + 2);
    return line;
  }

  private readChunkSize(): boolean {
    const line = this.readLine();
    if (line === undefined) return false;
    if (!CHUNK.test(line)) return this.fault(`chunk size ${line}`);
    const size = Number.parseInt(line, 16);
    this.rest = size === 0 ? 'trailers' : size;
    return true;
  }

  private readTrailer(): boolean {
    const line = this.readLine();
    if (line === undefined) return false;
    if (line === '') return this.answer();
    return FIELD.test(line) ? true : this.fault(`trailer ${line}`);
  }

  private answer(): boolean {
    this.rest = 'head';
    this.peer.send(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${this.isHead ? '' : 'ok'}`);
    return true;
  }

  private fault(what: string): false {
    this.failed = true;
    this.faults.push(what);
    this.peer.socket.destroy();
    return false;
  }
}
