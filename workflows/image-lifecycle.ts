import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { LifecycleActivities } from '../activities/contract.js';
import { isImageProgress, isWant } from './guards.js';
import { ImageBook, type ImageBookState, type ImageEnd } from './image-book.js';
import {
  type Failure,
  type ImageInput,
  type ImageProgress,
  type ImageResult,
  type ImageState,
  imageQueries,
  imageSignals,
  searchAttributes,
  signals,
  type WantArgs,
  workflowId,
} from './messages.js';
import { RETRY, toFailure, until } from './steps.js';

/** A killed worker's work is taken over after this long without a heartbeat. */
const HEARTBEAT_TIMEOUT_MS = 5000;
/** However many of its workers have died: what is there already makes each try shorter. */
const MAX_PAUSE_MS = 2000;

/**
 * Makes one image usable at one place: one execution, and one fetch, however many ask. Ends when it is usable or has
 * failed, and everyone who asked was told; the next who asks begins anew.
 */
export async function imageLifecycle(input: ImageInput): Promise<ImageResult> {
  const book = new ImageBook(
    (input.carried as ImageBookState | undefined) ?? {
      since: Date.now(),
      progress: { step: 'waiting', bytes: 0 },
      waiters: [],
    },
  );
  let failure: Failure | undefined;
  const state = (): ImageState => ({
    key: input.key,
    place: input.place,
    name: input.name,
    since: book.state.since,
    progress: book.state.progress,
    waiting: book.state.waiters.map(({ resource }) => resource),
    ...(failure === undefined ? {} : { failure }),
  });
  setHandler(defineQuery<ImageState>(imageQueries.image), state);
  setHandler(defineSignal<[WantArgs?]>(imageSignals.want), (args) => {
    if (isWant(args)) book.want(args);
  });
  setHandler(defineSignal<[ImageProgress]>(imageSignals.progress), (args) => {
    if (isImageProgress(args)) book.note(args);
  });
  show(input, 'imaging', `${input.name} is being made usable at ${input.place}`);
  const made = await make(input, book);
  if (made === 'successor')
    return await continueAsNew<typeof imageLifecycle>({ ...input, carried: book.state });
  failure = 'code' in made ? made : undefined;
  // Cancelled or not: nobody is left waiting.
  await CancellationScope.nonCancellable(async () => {
    const end: ImageEnd = failure === undefined ? { ready: true } : { failure };
    while (book.anyWaiting) await tellAll(input, book.takeAll(), end);
  });
  if (!('code' in made)) {
    show(input, 'ready', `${input.name} is usable at ${input.place}`);
    return made;
  }
  show(input, 'failed', `${made.code}: ${made.message}`);
  throw ApplicationFailure.create({
    message: made.message,
    type: made.code,
    nonRetryable: true,
    details: [made],
  });
}

/** Does it, telling meanwhile how far it is; 'successor' where the history has become long: what is there is kept. */
async function make(input: ImageInput, book: ImageBook): Promise<ImageResult | Failure | 'successor'> {
  const scope = new CancellationScope();
  let isOver = false;
  const ended = scope
    .run(() => activities(input).makeImage(input))
    .catch((error: unknown) => failureOf(error, input))
    .finally(() => {
      isOver = true;
    });
  const isLong = () => workflowInfo().continueAsNewSuggested;
  while (!isOver) {
    const seen = book.changes;
    const stirs = () => isOver || isLong() || book.changes !== seen;
    const pause = book.dueIn(Date.now());
    if (pause !== 0)
      await CancellationScope.nonCancellable(() => until(stirs, pause, 'who waits is told more'));
    if (isOver) break;
    if (isLong()) {
      scope.cancel();
      const made = await ended;
      // It may have ended just then.
      return 'code' in made ? 'successor' : made;
    }
    await CancellationScope.nonCancellable(async () => {
      await Promise.all(book.news(Date.now()).map(({ progress, ...who }) => tell(input, who, { progress })));
    });
  }
  return await ended;
}

const activities = ({ name, place, queue, timeoutMs }: ImageInput) =>
  proxyActivities<Pick<LifecycleActivities, 'makeImage'>>({
    taskQueue: queue,
    heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
    scheduleToCloseTimeout: timeoutMs,
    retry: { ...RETRY, maximumInterval: MAX_PAUSE_MS },
    // Two at once would wait for each other's lock.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    summary: `make ${name} usable at ${place}`,
  });

function failureOf(error: unknown, { name, timeoutMs }: ImageInput): Failure {
  const isCancelled =
    isCancellation(error) || (error instanceof ActivityFailure && isCancellation(error.cause));
  if (isCancelled) return { code: 'IMAGE_CANCELLED', message: `the work on ${name} was cancelled` };
  const failure = toFailure(error, 'IMAGE_TIMEOUT');
  if (failure.code !== 'IMAGE_TIMEOUT') return failure;
  return { ...failure, message: `${name} was not usable within ${timeoutMs / 1000} s (images.timeout)` };
}

const tellAll = (input: ImageInput, waiters: WantArgs[], end: ImageEnd): Promise<unknown> =>
  Promise.all(waiters.map((waiter) => tell(input, waiter, end)));

async function tell(
  { key }: ImageInput,
  { resource, ticket }: WantArgs,
  news: ImageEnd | { progress: ImageProgress },
): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId(resource)).signal(signals.image, { key, ticket, ...news });
  } catch {
    // It waits no longer.
  }
}

const phaseKey = defineSearchAttributeKey(searchAttributes.phase, SearchAttributeType.KEYWORD);

/** In the Temporal UI. */
function show({ searchAttributes: isKnown }: ImageInput, phase: string, details: string): void {
  setCurrentDetails(details);
  if (isKnown) upsertSearchAttributes([{ key: phaseKey, value: phase }]);
}
