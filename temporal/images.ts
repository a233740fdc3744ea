import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { ReveilleError } from '../errors/index.js';
import {
  CHORE_TYPE,
  type ChoreInput,
  type ChoreResult,
  type Failure,
  IMAGE_TYPE,
  type ImageInput,
  type ImageResult,
  type ImageState,
  imageId,
  imageQueries,
  imageSignals,
  TASK_QUEUE,
  type WantArgs,
} from '../workflows/messages.js';
import type { TemporalConnection } from './connection.js';
import { hasPollers } from './pollers.js';
import { ignoreNotFound } from './runs.js';

const QUERY_TIMEOUT_MS = 3000;

const startOptions = (input: ImageInput) => ({
  workflowId: imageId(input.key, input.place),
  taskQueue: TASK_QUEUE,
  args: [input] as [ImageInput],
  staticSummary: `${input.name}, made usable at ${input.place}`,
});

/** Asks for an image on behalf of a resource, starting its workflow where it does not run. */
export async function wantImage(
  { client }: TemporalConnection,
  input: ImageInput,
  args: WantArgs,
): Promise<void> {
  await client.workflow.signalWithStart(IMAGE_TYPE, {
    ...startOptions(input),
    signal: imageSignals.want,
    signalArgs: [args],
  });
}

/** Tells an image's workflow how far it is. */
export async function tellProgress(
  { client }: TemporalConnection,
  { key, place }: ImageInput,
  progress: ImageState['progress'],
): Promise<void> {
  await client.workflow.getHandle(imageId(key, place)).signal(imageSignals.progress, progress);
}

export type ImageWork =
  | { state: 'making'; progress: ImageState['progress'] }
  | { state: 'made'; id?: string };

/** Speaks to the workflows of images, for the command line and the API. */
export class ImageClient {
  private readonly client: Client;

  constructor(private readonly connection: TemporalConnection) {
    this.client = connection.client;
  }

  /** Begins to make an image usable, where nobody does already. @throws ReveilleError PLACE_UNKNOWN. */
  async add(input: ImageInput): Promise<void> {
    await this.assertThere(input.place, input.queue);
    try {
      await this.client.workflow.start(IMAGE_TYPE, startOptions(input));
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  /**
   * How the work on an image is, and what came of the last one where nobody is at it; undefined where there never was
   * any. @throws ReveilleError why the last one failed.
   */
  async state(key: string, place: string): Promise<ImageWork | undefined> {
    const handle = this.client.workflow.getHandle(imageId(key, place));
    const found = await handle.describe().catch(ignoreNotFound);
    if (found?.status.name === 'RUNNING') {
      const query = () => handle.query<ImageState>(imageQueries.image);
      const { progress } = await this.client.withDeadline(Date.now() + QUERY_TIMEOUT_MS, query);
      return { state: 'making', progress };
    }
    if (found === undefined) return undefined;
    const { id } = (await named(handle.result())) as ImageResult;
    return { state: 'made', ...(id === undefined ? {} : { id }) };
  }

  /** @throws ReveilleError why it could not be done; PLACE_UNKNOWN, or HOST_GONE, where no worker of the place is there. */
  async chore<T extends ChoreResult>(input: ChoreInput): Promise<T> {
    const { place, chore } = input;
    await this.assertThere(place, input.queue);
    const handle = await this.client.workflow.start(CHORE_TYPE, {
      workflowId: `images:${chore.do}@${place}:${crypto.randomUUID()}`,
      taskQueue: TASK_QUEUE,
      args: [input],
      staticSummary: `Images at ${place}: ${chore.do}`,
    });
    return (await named(handle.result())) as T;
  }

  /** At once, rather than after the time that a task may wait: a misspelt name is told as such. */
  private async assertThere(place: string, queue: string): Promise<void> {
    if (await hasPollers(this.connection, queue, 'activity')) return;
    throw new ReveilleError('PLACE_UNKNOWN', `No worker runs on a host named ${place}`);
  }
}

/** The failure of an execution, as if it had happened here. */
async function named<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const [failure] = (
      error.cause instanceof ApplicationFailure ? (error.cause.details ?? []) : []
    ) as Failure[];
    if (failure !== undefined) throw new ReveilleError(failure.code, failure.message, { cause: error });
    throw new ReveilleError('IMAGE_CANCELLED', error.cause?.message, { cause: error });
  }
}
