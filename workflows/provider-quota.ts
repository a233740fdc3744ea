import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
} from '@temporalio/workflow';
import { isEnter, isLeave } from './guards.js';
import {
  type EnterArgs,
  type LeaveArgs,
  type QuotaInput,
  quotaQueries,
  quotaSignals,
  signals,
  workflowId,
} from './messages.js';
import { QuotaBook, type QuotaBookState } from './quota-book.js';
import { anywhere, needsSuccessor } from './steps.js';

/** While somebody waits, those who have a place are looked after this often: a killed execution does not leave. */
const LOOK_MS = 15_000;

/**
 * The places of one provider, for all hosts: how many resources may be awake and how many may boot at once. Id
 * `quota:<provider>`; runs only while somebody has or wants a place. Resources whose provider has no quota never ask.
 * Where it is ended by hand, its successor knows of those only who ask from then on.
 */
export async function providerQuota(input: QuotaInput = {}): Promise<void> {
  const book = new QuotaBook(input.carried as QuotaBookState | undefined);
  let changed = true;
  listen(book, () => {
    changed = true;
  });
  for (;;) {
    changed = false;
    for (const { resource, ticket } of book.admit()) await tell(book, resource, signals.admitted, { ticket });
    for (const { resource, ...news } of book.news()) await tell(book, resource, signals.queued, news);
    if (changed) continue;
    if (book.isEmpty) return;
    if (needsSuccessor()) return await continueAsNew<typeof providerQuota>({ carried: book.state });
    const isOver = await wait(() => changed || needsSuccessor(), book.anyWaiting);
    if (!isOver) await dropLost(book);
  }
}

function listen(book: QuotaBook, onChange: () => void): void {
  setHandler(defineQuery<QuotaBookState>(quotaQueries.places), () => book.state);
  setHandler(defineSignal<[EnterArgs]>(quotaSignals.enter), (args) => {
    if (isEnter(args)) book.enter(args);
    onChange();
  });
  setHandler(defineSignal<[LeaveArgs]>(quotaSignals.booted), (args) => {
    if (isLeave(args)) book.booted(args.resource, args.ticket);
    onChange();
  });
  setHandler(defineSignal<[LeaveArgs]>(quotaSignals.leave), (args) => {
    if (isLeave(args)) book.leave(args.resource, args.ticket);
    onChange();
  });
}

/** @returns false where the time to look after those with a place has come first. */
async function wait(isOver: () => boolean, looks: boolean): Promise<boolean> {
  if (looks) return await condition(isOver, LOOK_MS);
  await condition(isOver);
  return true;
}

async function tell(book: QuotaBook, resource: string, signal: string, args: object): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId(resource)).signal(signal, args);
  } catch {
    // There is no such execution: nobody is left to have the place.
    book.leave(resource);
  }
}

async function dropLost(book: QuotaBook): Promise<void> {
  const known = book.tickets();
  const { openResources } = anywhere('are they still there?');
  const open = new Set(await openResources({ names: known.map(({ resource }) => resource) }));
  for (const { resource, ticket } of known) if (!open.has(resource)) book.leave(resource, ticket);
}
