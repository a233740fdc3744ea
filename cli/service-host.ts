import {
  type Config,
  createLogger,
  diffConfigs,
  type Ending,
  type Logger,
  loadConfig,
  readSecret,
  type Service,
  type ServiceOptions,
  stateDir,
} from '../config/index.js';
import { HandedSockets } from './handed-sockets.js';
import { runningUp } from './up/state.js';

/** Should a part hang in its end and nobody be there to kill it: beyond the longest that it may take. */
const CLOSE_LIMIT_MS = 60_000;

/** A part of Reveille that can be hosted. */
export interface Part {
  name: 'worker' | 'proxy' | 'control';
  start(options: ServiceOptions): Promise<Service>;
}

/** What a hosted part tells `up`, over Node's channel between parent and child. */
export type PartMessage =
  /** It serves. */
  | { kind: 'ready' }
  /** It ends by SIGTERM and takes nothing new from now on: its successor may start. */
  | { kind: 'ending' };

/**
 * Runs one part as this process: starts it, says when it is ready, reloads on SIGHUP, closes it on SIGTERM (another
 * takes its place: below `up`, at once), on SIGINT or when the `up` that started it is gone (for good), and then
 * ends the process with code 0. A second SIGTERM or SIGINT ends it at once.
 * @param configFile absolute path
 * @returns never, except by an error of the start
 */
export async function hostService(part: Part, configFile: string): Promise<void> {
  // So that it is found by its words; what stands there otherwise is the path of a script.
  process.title = `reveille ${part.name}`;
  const listenFd = takeListenFd();
  const config = loadConfig(configFile);
  const log = createLogger(part.name, config.log.level);
  endOnCrash(log);
  const end = endRequested(log);
  const secret = await readSecret(config);
  const reloadAll = () => process.kill(runningUp(stateDir(config)) ?? process.pid, 'SIGHUP');
  // Whoever holds the one socket holds them all.
  const held = listenFd === undefined ? {} : { listenFd, handed: new HandedSockets() };
  const starting = part.start({ config, log, secret, reloadAll, ...held });
  reloadOnHangup(starting, config, log);
  const service = await starting;
  tellReady(service, part.name);
  const ending = await end;
  if (ending === 'replaced') tell({ kind: 'ending' });
  setTimeout(() => process.exit(1), CLOSE_LIMIT_MS + longestEndMs(config)).unref();
  await service.close(ending);
  process.exit(0);
}

/** Handed over by `up`; not for what this part starts in its turn. */
function takeListenFd(): number | undefined {
  const { REVEILLE_LISTEN_FD: fd } = process.env;
  delete process.env.REVEILLE_LISTEN_FD;
  return fd === undefined ? undefined : Number(fd);
}

function longestEndMs({ proxy, worker }: Config): number {
  return Math.max(proxy.drain, worker.shutdownGrace);
}

function endRequested(log: Logger): Promise<Ending> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (name: NodeJS.Signals) => {
      if (asked) process.exit(1);
      asked = true;
      log.info({ signal: name }, 'ending');
      resolve(name === 'SIGTERM' ? 'replaced' : 'for good');
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    process.once('disconnect', () => {
      log.warn('`reveille up` is gone: ending');
      resolve('for good');
    });
    // `up` may have died before this line; undefined is for those whom it did not start.
    if (process.channel === null) resolve('for good');
  });
}

function reloadOnHangup(starting: Promise<Service>, first: Config, log: Logger): void {
  let current = first;
  let queue = Promise.resolve();
  const reload = async () => {
    try {
      const next = loadConfig(first.file ?? '');
      const { restart } = diffConfigs(current, next);
      if (restart.length > 0) {
        log.warn({ settings: restart }, `apply at the next start only: ${restart.join(', ')}`);
      }
      const service = await starting;
      await service.reload(next);
      current = next;
      log.info('the new configuration is in use');
    } catch (error) {
      log.error({ err: error }, 'the configuration was not reloaded; the old one stays');
    }
  };
  process.on('SIGHUP', () => {
    queue = queue.then(reload);
  });
}

function tellReady(service: Service, name: string): void {
  const { address } = service;
  if (process.connected) tell({ kind: 'ready' });
  else process.stdout.write(`${name} is ready${address === undefined ? '' : ` at ${address}`}\n`);
}

/** To `up`, where there is one. The channel may close at any time: then `disconnect` ends us. */
function tell(message: PartMessage): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}

/**
 * Whoever started us starts us again: better than to go on in a state that nobody has thought of. By SIGKILL,
 * since `process.exit` gives the event loop a last turn in which it accepts connections, only to drop them:
 * seen in one of sixty exits. As it is they wait for the next proxy.
 */
function endOnCrash(log: Logger): void {
  const crash = (error: unknown) => {
    log.fatal({ err: error }, 'this should not happen: ending');
    process.kill(process.pid, 'SIGKILL');
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}
