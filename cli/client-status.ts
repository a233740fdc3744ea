import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceDetails, ResourceList, ResourceSummary } from '../control/contract.js';
import { costs, inWords, remarks, sleeps } from '../control/words.js';
import { isReveilleError } from '../errors/index.js';
import type { ClientContext } from './client-actions.js';
import { plain, table } from './client-format.js';
import { ControlClient } from './client-http.js';

const WATCH_MS = 1000;
const HOME_AND_CLEAR = '\x1b[H\x1b[J';

/** Prints a table of all resources, or everything about one. */
export async function status({ configFile, json }: ClientContext, name: string | undefined): Promise<void> {
  const client = ControlClient.of(configFile);
  const state = name === undefined ? await listOf(client) : await detailsOf(client, name);
  process.stdout.write(json ? `${JSON.stringify(state)}\n` : drawn(state));
}

/** Shows the state again and again on a terminal; elsewhere a line for each change of phase. */
export async function watch({ configFile }: ClientContext, name: string | undefined): Promise<never> {
  const client = ControlClient.of(configFile);
  const ask = () => (name === undefined ? listOf(client) : detailsOf(client, name));
  // The first answer decides whether there is anything to watch: its errors end the command.
  let state: ResourceList | ResourceDetails | Error = await ask();
  const show = process.stdout.isTTY ? redraw : changes();
  for (;;) {
    show(state);
    await sleep(WATCH_MS);
    state = await ask().catch(asError);
  }
}

function redraw(state: ResourceList | ResourceDetails | Error): void {
  process.stdout.write(
    HOME_AND_CLEAR + (state instanceof Error ? `${plain(state.message)}\n` : drawn(state)),
  );
}

/** Prints what differs from the last time: for files and pipes. */
function changes(): (state: ResourceList | ResourceDetails | Error) => void {
  const last = new Map<string, string>();
  const tell = (key: string, text: string) => {
    if (last.get(key) === text) return;
    last.set(key, text);
    process.stdout.write(`${new Date().toISOString()}  ${text}\n`);
  };
  return (state) => {
    if (state instanceof Error) {
      tell('', plain(state.message));
      return;
    }
    last.delete('');
    const resources = 'resources' in state ? state.resources : [state];
    for (const resource of resources) {
      tell(resource.name, [resource.name, resource.phase, ...remarks(resource).map(plain)].join('  '));
    }
  };
}

function asError(error: unknown): Error {
  // Reveille may be restarting: what it says is shown, and asked again.
  if (isReveilleError(error)) return error;
  throw error;
}

const listOf = (client: ControlClient) => client.json<ResourceList>('');
const detailsOf = (client: ControlClient, name: string) =>
  client.json<ResourceDetails>(`/${encodeURIComponent(name)}`);

function drawn(state: ResourceList | ResourceDetails): string {
  return 'resources' in state ? listText(state) : detailsText(state);
}

/** @returns the table of the list, with what is to be said about single resources below it. */
export function listText({ now, resources }: ResourceList): string {
  if (resources.length === 0) return 'There are no resources in the configuration.\n';
  const head = ['NAME', 'PHASE', 'SINCE', 'KEPT AWAKE BY', 'SLEEPS', 'URL'];
  const rows = resources.map((resource) => [
    resource.name,
    resource.phase,
    resource.since === undefined ? '' : inWords(now - resource.since),
    plain(resource.keptAwakeBy.join(', ')),
    sleeps(resource, now),
    plain(resource.url ?? ''),
  ]);
  const notes = resources.flatMap((one) => remarks(one).map((text) => `${one.name}: ${plain(text)}\n`));
  return table([head, ...rows]) + notes.join('');
}

/** @returns all that is known of one resource, a fact on each line. */
export function detailsText(resource: ResourceDetails): string {
  const { now, status: state, configuration } = resource;
  const facts: [string, string | undefined][] = [
    ['phase', resource.phase],
    ['since', resource.since === undefined ? undefined : `${inWords(now - resource.since)} ago`],
    ['woken by', state?.wokenBy],
    ['kept awake by', resource.keptAwakeBy.join(', ')],
    ['sleeps', sleeps(resource, now)],
    ['pinned', pinned(resource, now)],
    ['open', state === undefined ? undefined : `${state.open} connections`],
    ['generation', state === undefined ? undefined : String(state.generation)],
    ['instance', state?.instance?.id],
    ['endpoint', state?.instance && `${state.instance.endpoint.host}:${state.instance.endpoint.port}`],
    ['boot took', state?.steps.map(({ step, took }) => `${step} ${Math.round(took)} ms`).join(', ')],
    ['failed boots', state?.attempts ? String(state.attempts) : undefined],
    ['next boot', resource.retryAt === undefined ? undefined : `in ${inWords(resource.retryAt - now)}`],
    ['cost', costs(resource, now)],
    ['idle time', configuration && `${inWords(configuration.idle.after)}, then ${configuration.idle.then}`],
    ['provider', resource.provider],
    ['routes', configuration?.routes.join(', ')],
    ['workflow', resource.members === undefined ? workflowOf(resource) : undefined],
    ...remarks(resource).map((text): [string, string] => ['note', text]),
  ];
  const told = facts.flatMap(([fact, text]) => (text ? [[fact, plain(text)]] : []));
  return `${resource.name}\n${table(told.map(([fact = '', text = '']) => [`  ${fact}`, text]))}`;
}

const workflowOf = ({ workflow }: ResourceSummary) => workflow.url ?? workflow.id;

function pinned({ pinned: until }: ResourceSummary, now: number): string | undefined {
  if (until === false) return undefined;
  return until === true ? 'until unpinned' : `for ${inWords(until - now)}`;
}
