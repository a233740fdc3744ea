import type { Action, ActionResult, ResourceList } from '../control/contract.js';
import { isReveilleError, type Problem } from '../errors/index.js';
import { ControlClient } from './client-http.js';
import { reportError } from './report-error.js';

/** What every command of a client is run with. */
export interface ClientContext {
  /** Undefined: the reveille.yaml of this folder. */
  configFile: string | undefined;
  /** One object on standard output. */
  json: boolean;
}

const ASKED: Record<Exclude<Action, 'pin'>, string> = {
  wake: 'is asked to wake',
  stop: 'is asked to stop',
  delete: 'is asked to be deleted',
  unpin: 'is not pinned any more',
};

/** Does something to a resource. `body` as the API has it: `wait` waits until it is done. */
export async function act(
  context: ClientContext,
  action: Exclude<Action, 'delete'>,
  name: string,
  body: { wait?: boolean } & Record<string, unknown>,
): Promise<void> {
  const client = ControlClient.of(context.configFile);
  const path = `/${encodeURIComponent(name)}/${action}`;
  const patient = body.wait === true;
  const result = await withLog(context, client.json<ActionResult>(path, { method: 'POST', body, patient }));
  tell(context, result, action === 'pin' ? pinned(body) : ASKED[action]);
}

/** Stops whatever is awake, all at once. What cannot be stopped keeps nothing else awake: it is told, and the exit code is 1. */
export async function stopAll(
  context: ClientContext,
  body: { wait: boolean } & Record<string, unknown>,
): Promise<void> {
  const client = ControlClient.of(context.configFile);
  const { resources } = await client.json<ResourceList>('');
  // A pool is awake where a member is, and each member has a line of its own.
  const awake = resources.filter(({ phase, members }) => phase !== 'asleep' && members === undefined);
  const stopped: ActionResult[] = [];
  const failed: { name: string; error: Problem }[] = [];
  await Promise.all(
    awake.map(async ({ name }) => {
      try {
        const path = `/${encodeURIComponent(name)}/stop`;
        const result = await client.json<ActionResult>(path, { method: 'POST', body, patient: body.wait });
        stopped.push(result);
        if (!context.json) tell(context, result, ASKED.stop);
      } catch (error) {
        if (!isReveilleError(error)) throw error;
        failed.push({ name, error: error.toProblem(true) });
        process.stderr.write(`${name} could not be stopped\n`);
        reportError(error);
      }
    }),
  );
  if (failed.length > 0) process.exitCode = 1;
  if (context.json) process.stdout.write(`${JSON.stringify({ stopped, failed })}\n`);
  else if (awake.length === 0) process.stdout.write('nothing is awake\n');
}

export async function remove(context: ClientContext, name: string, wait: boolean): Promise<void> {
  const client = ControlClient.of(context.configFile);
  const path = `/${encodeURIComponent(name)}?confirm=yes&wait=${wait}`;
  tell(context, await client.json<ActionResult>(path, { method: 'DELETE', patient: wait }), ASKED.delete);
}

/** It takes the place of an earlier pin, so it says how long this one holds. */
function pinned({ for: time, until }: Record<string, unknown>): string {
  if (time !== undefined) return `is pinned for ${time}`;
  return `is pinned until ${until ?? 'it is unpinned'}`;
}

/** @param asked what is said where it was not waited for. */
function tell({ json }: ClientContext, result: ActionResult, asked: string): void {
  const { name, phase } = result;
  const said = phase === undefined ? asked : `is ${phase}`;
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${name} ${said}\n`);
}

/** Where a boot failed, what the instance said last comes before the error. */
async function withLog<T>({ json }: ClientContext, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!json && isReveilleError(error) && error.log) process.stderr.write(`${error.log.trimEnd()}\n`);
    throw error;
  }
}
