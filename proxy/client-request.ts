/**
 * A client's request whose fields are not made into an object unless somebody asks. Node's server looks at `headers`
 * of every request (for `expect`), and making that object costs a tenth of a warm request; the proxy itself needs
 * a few fields only, and forwards all others as they came.
 */
import { IncomingMessage } from 'node:http';

/** The fields that decide what becomes of a request. Several of one name are joined, as Node does. */
export interface KnownFields {
  host: string | undefined;
  /** How many Host fields there are. */
  hosts: number;
  connection: string | undefined;
  'content-length': string | undefined;
  'transfer-encoding': string | undefined;
  expect: string | undefined;
  te: string | undefined;
  upgrade: string | undefined;
  'x-request-id': string | undefined;
}
type Name = Exclude<keyof KnownFields, 'hosts'>;

const NAMES: readonly Name[] = [
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
  'te',
  'upgrade',
  'x-request-id',
];
/** By length and first letter, so that most names are passed over without a lower-case copy of them. */
const byShape: (readonly Name[] | undefined)[] = [];
for (const name of NAMES) byShape[shapeOf(name)] = NAMES.filter((other) => shapeOf(other) === shapeOf(name));

function shapeOf(name: string): number {
  return name.length < 32 ? name.length * 32 + (name.charCodeAt(0) & 31) : 0;
}

function knownIn(raw: readonly string[]): KnownFields {
  const known: KnownFields = {
    host: undefined,
    hosts: 0,
    connection: undefined,
    'content-length': undefined,
    'transfer-encoding': undefined,
    expect: undefined,
    te: undefined,
    upgrade: undefined,
    'x-request-id': undefined,
  };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const candidates = byShape[shapeOf(name)];
    if (candidates !== undefined) take(known, candidates, name, raw[i + 1] ?? '');
  }
  return known;
}

function take(known: KnownFields, candidates: readonly Name[], name: string, value: string): void {
  const lower = name.toLowerCase();
  for (const candidate of candidates) {
    if (candidate !== lower) continue;
    if (candidate === 'host') known.hosts++;
    const before = known[candidate];
    known[candidate] = before === undefined ? value : `${before}, ${value}`;
  }
}

/** What the proxy's own server makes of a request. */
export class ClientRequest extends IncomingMessage {
  /** Node's server is done with it: from now on, `headers` has every field. */
  handedOver = false;
  #known: KnownFields | undefined;

  get known(): KnownFields {
    this.#known ??= knownIn(this.rawHeaders);
    return this.#known;
  }
}

const original = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers');
Object.defineProperty(ClientRequest.prototype, 'headers', {
  ...original,
  get(this: ClientRequest): unknown {
    return this.handedOver ? original?.get?.call(this) : this.known;
  },
});

/** The fields that decide what becomes of a request, also of another server's. */
export function fieldsOf(request: IncomingMessage): KnownFields {
  return request instanceof ClientRequest ? request.known : knownIn(request.rawHeaders);
}
