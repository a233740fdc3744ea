import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { stringify } from 'yaml';
import { type Config, loadConfig } from '../config/index.js';
import { invocation } from './invocation.js';
import { up } from './up/up.js';
import { firstUrl, inWords, isUp } from './up/welcome.js';

export interface RunOptions {
  command: readonly string[];
  /** A duration such as 5m. */
  idle: string;
  /** Of the proxy. */
  port: number;
  /** Where the command runs. */
  cwd: string;
}

/**
 * Puts a command behind a URL, with no file of the user's: all of `reveille up`, on a configuration that is
 * written into a state folder of this directory and command.
 * @throws ConfigError where an option is wrong; what `up` throws
 */
export async function run(options: RunOptions): Promise<void> {
  const state = stateFolder(options);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const file = join(state, 'reveille.yaml');
  const [control, temporal, temporalUi] = await freePorts(3);
  const definition = {
    proxy: { listen: `127.0.0.1:${options.port}` },
    control: { listen: `127.0.0.1:${control}` },
    temporal: { embedded: { port: temporal, uiPort: temporalUi, database: join(state, 'temporal.db') } },
    state,
    resources: {
      [resourceName(options.command)]: {
        provider: 'process',
        process: { command: options.command.map(literally), cwd: options.cwd },
        idle: { after: options.idle },
        routes: [{ path: '/' }],
      },
    },
  };
  writeFileSync(file, stringify(definition));
  await up({ config: { ...loadConfig(file), file }, welcome: runWelcome });
}

function runWelcome(config: Config, proxy: string, control: string): string {
  const [resource] = Object.values(config.resources);
  if (resource === undefined) return '';
  return [
    ...isUp(config, proxy, control),
    '',
    `Open ${firstUrl(resource, proxy)} and the command starts; ${inWords(resource.idle.after)} after the last use it is stopped.`,
    `To watch it, open the dashboard, http://${control}/, or:`,
    `  ${invocation()} status --watch --config ${config.file}`,
    '',
    'Ctrl-C ends everything.',
    '',
  ].join('\n');
}

/** The same directory and command find their state again. */
function stateFolder({ command, cwd }: RunOptions): string {
  const home = process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  const hash = createHash('sha256')
    .update(JSON.stringify([cwd, command]))
    .digest('hex')
    .slice(0, 12);
  return join(home, 'reveille', `run-${hash}`);
}

/** Such as `node` or `my-app`, from the program's file name. */
function resourceName(command: readonly string[]): string {
  const name = basename(command[0] ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60);
  return name || 'command';
}

/** What the user typed has been through a shell already: nothing in it is a reference. */
const literally = (text: string): string => text.replaceAll('${', () => '$${');

/** Held all at once while they are looked for, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<net.Server>((resolve, reject) => {
          const server = net.createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
