import {
  type CommandStep,
  type Config,
  paramsEnvironment,
  type SettingsOf,
  settingsOf,
} from '../../../config/index.js';
import type { Client, Endpoint } from '../../../workflows/messages.js';
import { type PreparedCommand, prepareProgram } from '../../host/program.js';
import { imagesEnvironment } from '../../images/handed.js';
import type { BootRequest } from '../contract.js';

type Settings = SettingsOf<'command'>;
export type StepKey = 'check' | 'start' | 'stop';

/** What a step's command is told beyond its settings. */
export interface Told {
  readonly endpoint?: Endpoint | undefined;
  readonly client?: Client | undefined;
}

export interface PreparedStep {
  readonly command: PreparedCommand;
  readonly timeoutMs: number | undefined;
}

/**
 * The command of one step, ready to run; undefined where the resource has none.
 * @throws ReveilleError BOOT_FAILED naming what is missing, REFERENCE_UNRESOLVED.
 */
export async function prepareStep(
  request: BootRequest,
  key: StepKey,
  told: Told,
  config: Config,
): Promise<PreparedStep | undefined> {
  const settings = settingsOf(request.definition, 'command');
  const step = settings[key];
  if (step === undefined) return undefined;
  const { run, timeout = settings.timeout, user = settings.user, env } = detailsOf(step);
  const program = {
    command: run,
    env: { ...settings.env, ...env },
    cwd: settings.cwd,
    user,
    key: `resources.${request.name}.command.${key}`,
  };
  return { command: await prepareProgram(program, labels(request, told), config), timeoutMs: timeout };
}

const detailsOf = (step: CommandStep): Partial<Settings> & { run: string[]; env: Record<string, string> } =>
  Array.isArray(step) ? { run: step, env: {} } : step;

function labels(
  { name, generation, params, images, client: waker }: BootRequest,
  { endpoint, client = waker }: Told,
) {
  return {
    ...paramsEnvironment(params),
    ...imagesEnvironment(images),
    ...(endpoint === undefined ? {} : { REVEILLE_HOST: endpoint.host, REVEILLE_PORT: String(endpoint.port) }),
    ...(client === undefined ? {} : clientLabels(client)),
    REVEILLE_RESOURCE: name,
    REVEILLE_GENERATION: String(generation),
  };
}

/** As socat(1) tells the programs that it runs, and in our own words. */
function clientLabels({ address, port, localAddress, localPort }: Client): Record<string, string> {
  return {
    SOCAT_PEERADDR: address,
    SOCAT_PEERPORT: String(port),
    SOCAT_SOCKADDR: localAddress,
    SOCAT_SOCKPORT: String(localPort),
    REVEILLE_CLIENT_ADDRESS: address,
    REVEILLE_CLIENT_PORT: String(port),
  };
}

/** Reads `IP PORT`; undefined where a line is something else. */
export function parseEndpoint(line: string): Endpoint | undefined {
  const match = /^\[?([0-9A-Za-z][0-9A-Za-z._-]*|[0-9A-Fa-f:.]+(?:%\w+)?)\]?\s+(\d{1,5})$/.exec(line);
  const port = Number(match?.[2]);
  return match?.[1] === undefined || port < 1 || port > 65535 ? undefined : { host: match[1], port };
}
