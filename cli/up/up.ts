import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureTemporal } from '#scripts/setup/temporal.mjs';
import { type Config, loadConfig, stateDir } from '../../config/index.js';
import { isReveilleError, ReveilleError } from '../../errors/index.js';
import { ensurePulumiParts } from '../pulumi-setup.js';
import { EndSignals } from './end-signals.js';
import { HeldDoors } from './held-doors.js';
import { HeldSocket } from './held-socket.js';
import { LogFile } from './log-file.js';
import { formatLogLine } from './log-format.js';
import { type PartOptions, partSpec } from './parts.js';
import { controlUse, embeddedTemporal, portsOf, proxyUse } from './port-uses.js';
import { checkPorts, type PortUse, portProblem } from './ports.js';
import { reloadOnHangup } from './reload-on-hangup.js';
import { type Running, shutdown } from './shutdown.js';
import { StateClaim } from './state.js';
import { type ChildSpec, Supervisor } from './supervisor.js';
import { temporalSpec } from './temporal-server.js';

const START_LIMIT_MS = 60_000;

export interface UpOptions {
  /** Checked; with a file, since the parts read it. */
  config: Config & { file: string };
  /** Reads it again, at SIGHUP. Default: from its file. @throws where it is wrong: then the old one stays. */
  read?: () => Config;
  /** What to say when everything serves. */
  welcome(config: Config, proxy: string, control: string): string;
  /** The program that the parts are commands of. Default: this package's own launcher. */
  launcher?: string;
}

/**
 * Starts Temporal, worker, proxy and control, keeps them running, and ends them in order at SIGINT or SIGTERM.
 * @throws ReveilleError where it cannot start: nothing of it runs then
 */
export async function up(options: UpOptions): Promise<void> {
  process.title = 'reveille up';
  // A terminal that is gone is no reason to fall over.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const signals = new EndSignals();
  const claim = StateClaim.take(stateDir(options.config));
  const running: Running = { config: options.config, sockets: [], doors: new HeldDoors() };
  const logs: LogFile[] = [];
  try {
    await claim.clearLeftovers(say, signals.end);
    const started = new Start(options, running, claim, logs, signals.end).all();
    const addresses = await orAborted(started, signals.end);
    const read = options.read ?? (() => loadConfig(options.config.file));
    const unwatch = reloadOnHangup(running, { signals, say, read });
    process.stdout.write(`${options.welcome(running.config, addresses.proxy, addresses.control)}\n`);
    await aborted(signals.end);
    unwatch();
    say('ending; Ctrl-C again leaves what is awake');
  } catch (error) {
    if (!signals.end.aborted) throw error;
  } finally {
    await shutdown(running, signals, say);
    for (const log of logs) log.close();
    claim.release();
    signals.dispose();
  }
  say('ended');
}

function say(line: string): void {
  process.stderr.write(`reveille: ${line}\n`);
}

/** The steps of a start. What runs is put into `running` at once, so that an end at any point finds it. */
class Start {
  private readonly state: string;

  constructor(
    private readonly options: UpOptions,
    private readonly running: Running,
    private readonly claim: StateClaim,
    private readonly logs: LogFile[],
    private readonly signal: AbortSignal,
  ) {
    this.state = stateDir(options.config);
  }

  /** @returns where proxy and control listen */
  async all(): Promise<{ proxy: string; control: string }> {
    const { config } = this.options;
    const embedded = embeddedTemporal(config);
    await checkPorts(portsOf(config));
    const proxy = await this.hold(proxyUse(config));
    const control = await this.hold(controlUse(config));
    const { doors } = this.running;
    await doors.adjust(config);
    if (embedded) await this.temporal(embedded);
    await this.pulumi();
    await Promise.all([
      this.part('worker'),
      this.part('proxy', { listenFd: proxy.fd, onSpawn: (child) => doors.handTo(child) }),
      this.part('control', { listenFd: control.fd }),
    ]);
    return { proxy: proxy.address, control: control.address };
  }

  /** For good: a part that is started again finds it listening, and whoever came meanwhile in its queue. */
  private async hold(use: PortUse): Promise<HeldSocket> {
    try {
      const socket = await HeldSocket.listen(use.host, use.port);
      this.running.sockets.push(socket);
      return socket;
    } catch (error) {
      if (isReveilleError(error)) throw error;
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw new ReveilleError('PORT_IN_USE', portProblem(use, code), { cause: error });
    }
  }

  private async temporal(embedded: { port: number; uiPort: number; database: string }): Promise<void> {
    const binary = await ensureTemporal({ signal: this.signal });
    const log = this.log('temporal', false);
    const spec = temporalSpec({ ...embedded, binary, log, say });
    await this.supervise('temporal', spec);
  }

  /** Without it, only the resources that need it cannot be woken. */
  private async pulumi(): Promise<void> {
    try {
      await ensurePulumiParts(this.options.config, this.signal);
    } catch (error) {
      if (this.signal.aborted) throw error;
      say(`the provider pulumi is off: ${error instanceof Error ? error.message : error}`);
    }
  }

  private async part(
    part: PartOptions['part'],
    more: Pick<PartOptions, 'listenFd' | 'onSpawn'> = {},
  ): Promise<void> {
    const { launcher, config } = this.options;
    const spec = partSpec({
      part,
      configFile: config.file,
      log: this.log(part, true),
      ...(launcher === undefined ? {} : { launcher }),
      ...more,
    });
    await this.supervise(part, spec);
  }

  private async supervise(key: 'temporal' | PartOptions['part'], spec: ChildSpec): Promise<void> {
    // Set-up may have been told to end while a step of it went on.
    if (this.signal.aborted) throw new ReveilleError('SHUTTING_DOWN');
    const supervisor = new Supervisor(spec, { say, changed: (name, pid) => this.claim.record(name, pid) });
    this.running[key] = supervisor;
    const late = delay(START_LIMIT_MS, undefined, { ref: false }).then(() => {
      const log = spec.logTail();
      throw new ReveilleError(
        'SETUP_FAILED',
        `${spec.name} is not ready after ${START_LIMIT_MS / 1000} s. The end of its log:\n${log}`,
      );
    });
    await Promise.race([supervisor.start(), late]);
  }

  private log(name: string, echo: boolean): LogFile {
    const log = new LogFile(join(this.state, 'logs', `${name}.log`), (line) => {
      const text = echo ? formatLogLine(name, line) : undefined;
      if (text !== undefined) say(text);
    });
    this.logs.push(log);
    return log;
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    aborted(signal).then(() => {
      throw new ReveilleError('SHUTTING_DOWN', 'ended while it was starting');
    }),
  ]);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
