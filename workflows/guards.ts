import type {
  AdmittedArgs,
  AdoptArgs,
  Client,
  EnterArgs,
  ImageNews,
  ImageProgress,
  LeaveArgs,
  QueuedArgs,
  TouchArgs,
  UnreachableArgs,
  WakeArgs,
  WantArgs,
} from './messages.js';

/**
 * Signals may be sent by hand, with any argument. What makes no sense changes nothing: an error in a handler would
 * fail the workflow's task, again and again.
 */
type Fields<T> = { readonly [K in keyof T]?: unknown };

const isRecord = (args: unknown): args is object => typeof args === 'object' && args !== null;

/** The argument of a signal that needs none. */
export const optional = <T extends object>(args: T | undefined): Partial<T> => (isRecord(args) ? args : {});

export function isTouch(args: unknown): args is TouchArgs {
  if (!isRecord(args)) return false;
  const { proxy, ask, at, generation, open, idleFor }: Fields<TouchArgs> = args;
  const texts = typeof proxy === 'string' && typeof at === 'string';
  return texts && [ask, generation, open, idleFor].every(Number.isFinite);
}

export function isUnreachable(args: unknown): args is UnreachableArgs {
  if (!isRecord(args)) return false;
  const { generation }: Fields<UnreachableArgs> = args;
  return Number.isFinite(generation);
}

export function isAdopt(args: unknown): args is AdoptArgs {
  if (!isRecord(args)) return false;
  const { instance }: Fields<AdoptArgs> = args;
  return isRecord(instance) && 'id' in instance && 'endpoint' in instance && isRecord(instance.endpoint);
}

export function isEnter(args: unknown): args is EnterArgs {
  if (!isRecord(args)) return false;
  const { resource, ticket, by, limits, runs }: Fields<EnterArgs> = args;
  const texts = typeof resource === 'string' && typeof by === 'string';
  return texts && Number.isFinite(ticket) && isRecord(limits) && typeof runs === 'boolean';
}

export function isLeave(args: unknown): args is LeaveArgs {
  if (!isRecord(args)) return false;
  const { resource, ticket }: Fields<LeaveArgs> = args;
  return typeof resource === 'string' && Number.isFinite(ticket);
}

export function isAdmitted(args: unknown): args is AdmittedArgs {
  if (!isRecord(args)) return false;
  const { ticket }: Fields<AdmittedArgs> = args;
  return Number.isFinite(ticket);
}

export function isQueued(args: unknown): args is QueuedArgs {
  if (!isAdmitted(args)) return false;
  const { ahead }: Fields<QueuedArgs> = args;
  return Number.isFinite(ahead);
}

export function isWant(args: unknown): args is WantArgs {
  if (!isRecord(args)) return false;
  const { resource, ticket }: Fields<WantArgs> = args;
  return typeof resource === 'string' && Number.isFinite(ticket);
}

export function isImageProgress(args: unknown): args is ImageProgress {
  if (!isRecord(args)) return false;
  const { step, bytes, total = 0 }: Fields<ImageProgress> = args;
  return typeof step === 'string' && Number.isFinite(bytes) && Number.isFinite(total);
}

export function isImageNews(args: unknown): args is ImageNews {
  if (!isAdmitted(args)) return false;
  const { key, progress, failure, ready }: Fields<ImageNews> = args;
  const says = isImageProgress(progress) || isRecord(failure) || ready === true;
  return typeof key === 'string' && says;
}

export function isClient(client: unknown): client is Client {
  if (!isRecord(client)) return false;
  const { address, port, localAddress, localPort }: Fields<Client> = client;
  const texts = [address, localAddress].every((one) => typeof one === 'string' && one.length <= 100);
  return texts && [port, localPort].every(Number.isSafeInteger);
}

/** Whether a wake asks for an endpoint of one connection's own. */
export const asksForConnection = (args: WakeArgs): args is WakeArgs & { client: Client } =>
  args.connects === true && isClient(args.client);

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
export const isTrace = (trace: unknown): trace is string =>
  typeof trace === 'string' && TRACEPARENT.test(trace);
