import type { ChildProcess } from 'node:child_process';
import { ReveilleError } from '../../../errors/index.js';
import type { Endpoint, Instance } from '../../../workflows/messages.js';
import { LogFile } from '../../log-file.js';
import type { BootRequest, ProviderContext } from '../../providers/contract.js';
import { scratchFile } from '../atomic.js';
import { bootId } from '../boot-id.js';
import { portRules, quarantineOf } from '../ports.js';
import { type Claim, claimRest, type RunClaim } from './claims.js';
import { signalGroup } from './group.js';
import type { Home } from './home.js';
import type { Host } from './host.js';
import { formatIdentity, lifeOf } from './identity.js';
import { commonSettings } from './kind.js';
import { launch } from './shim.js';

export interface Booted {
  instance: Instance;
  adopted: boolean;
}

/**
 * One boot of one generation. Any number of workers may do the same at once, pause and die anywhere: each step
 * looks at what the others decided, in the files of `Claims`.
 */
export class Boot {
  private readonly generation: number;

  constructor(
    private readonly host: Host,
    private readonly home: Home,
    private readonly request: BootRequest,
    private readonly context: ProviderContext,
  ) {
    this.generation = request.generation;
  }

  async run(): Promise<Booted> {
    const { claims } = this.home;
    claims.prepare();
    claims.begin(this.generation);
    const own = claims.read(this.generation);
    if (own !== undefined) return this.found(own);
    const older = claims.settleOlder(this.generation);
    const taken = older === undefined ? undefined : await this.takeOverOrEnd(older);
    return taken ?? (await this.start());
  }

  /** Takes over what an older generation left running; undefined where it ended or is being ended. */
  async takeOver(older: RunClaim): Promise<Booted | undefined> {
    const { claims } = this.home;
    if (lifeOf(older.identity) === 'gone' || claims.fate(older.generation) === 'stop') return undefined;
    const claim: RunClaim = { ...older, generation: this.generation, from: older.generation };
    claims.claim(claim);
    return this.found(claims.settle(this.generation));
  }

  private async takeOverOrEnd(older: RunClaim): Promise<Booted | undefined> {
    const outdated = older.revision !== this.request.revision && lifeOf(older.identity) === 'suspended';
    // What sleeps by suspension has to wake with the settings of today.
    if (outdated) this.home.claims.decideFate(older.generation, 'stop');
    const taken = await this.takeOver(older);
    if (taken !== undefined) return taken;
    // Its stop was cut off, or its leader died and left others behind.
    const force = lifeOf(older.identity) === 'gone';
    const { grace: graceMs } = commonSettings(this.request.definition, this.host.kind);
    await this.host.kind.end(this.home, older, { graceMs, force }, this.context);
    this.host.ports.release(older.endpoint.port, this.request.name, older.generation);
    return undefined;
  }

  private async start(): Promise<Booted> {
    const { claims } = this.home;
    const endpoint = { host: this.request.definition.endpoint.host, port: await this.pickPort() };
    try {
      const child = await this.spawn(endpoint);
      const claim = claims.read(this.generation);
      if (claim === undefined) {
        throw new ReveilleError(
          'BOOT_FAILED',
          'no claim could be written: is the disk full, or without hard links?',
        );
      }
      if (claim.kind === 'run' && claim.identity.pid === child.pid) {
        this.host.exits.track(formatIdentity(claim.identity), child);
      }
      claims.prune(Date.now());
      return await this.found(claim);
    } finally {
      this.settlePort(endpoint.port);
    }
  }

  private async spawn(endpoint: Endpoint): Promise<ChildProcess> {
    const { request, home, context } = this;
    const command = await this.host.kind.prepare(request, endpoint.port, this.host.config, home, context);
    await home.log.rotate(commonSettings(request.definition, this.host.kind).logSize);
    context.heartbeat('starting the process');
    const claiming = this.claiming(endpoint);
    return home.log.with(command.user, (fd) => launch(command, claiming, fd, context.signal));
  }

  /**
   * Gives a port back that was picked for nothing, since another worker's process has another. Undecided, it
   * stays the resource's: the shim may yet win, and the next boot finds it again.
   */
  private settlePort(picked: number): void {
    const claim = this.home.claims.read(this.generation);
    if (claim === undefined) return;
    const used = claim.kind === 'run' ? claim.endpoint.port : undefined;
    if (used !== picked) this.host.ports.giveBack(picked, this.request.name, this.generation);
    if (used !== undefined) this.home.rememberPort(used);
  }

  private claiming(endpoint: Endpoint) {
    const { claims } = this.home;
    const { revision, generation, params } = this.request;
    const known = Object.keys(params).length === 0 ? {} : { params };
    return {
      file: claims.file(generation),
      temporary: scratchFile(claims.scratch),
      rest: claimRest({ boot: bootId(), endpoint, revision, label: generation, ...known }),
      header: LogFile.header(`generation ${generation}, port ${endpoint.port}, ${new Date().toISOString()}`),
    };
  }

  private async pickPort(): Promise<number> {
    const { definition, name } = this.request;
    if (definition.endpoint.port !== 'auto') return definition.endpoint.port;
    const { range, excluded } = portRules(this.host.config);
    const quarantineMs = quarantineOf(definition);
    const last = this.home.lastPort;
    const wanted = { resource: name, generation: this.generation, last, range, excluded, quarantineMs };
    const port = await this.host.ports.acquire(wanted, this.context.signal);
    // At once, so that one that is cut off here finds it again.
    this.home.rememberPort(port);
    return port;
  }

  /** Answers with what this generation's claim names, whoever started it. */
  private async found(claim: Claim): Promise<Booted> {
    const { claims } = this.home;
    if (claim.kind === 'sealed') throw this.stale('was stopped before it was started');
    if (claim.from !== undefined) this.inherit(claim, claim.from);
    const life = lifeOf(claim.identity);
    if (life === 'gone') {
      const reason = await this.host.exits.reason(formatIdentity(claim.identity));
      throw new ReveilleError('INSTANCE_DIED', reason, { log: await this.host.deathLog(this.request) });
    }
    if (claims.fate(this.generation) !== undefined) throw this.stale('has been stopped or taken over');
    if (life === 'suspended') {
      if (claims.isMarkedSuspended(this.generation)) throw this.stale('has been suspended');
      signalGroup(this.home.group(claim), 'SIGCONT');
    }
    await this.host.kind.resume?.(this.home, claim, this.context);
    // Nobody holds a lease of what was suspended in order.
    const adopted = claim.from !== undefined && !claims.isMarkedSuspended(claim.from);
    return { instance: this.host.instance(claim), adopted };
  }

  /** Again each time this is run, for it may have been cut off between the claim and here. */
  private inherit(claim: RunClaim, from: number): void {
    if (this.home.claims.decideFate(from, this.generation) !== this.generation) {
      throw new ReveilleError('INSTANCE_DIED', `generation ${from} was being stopped when it was taken over`);
    }
    this.host.ports.handOver(claim.endpoint.port, this.request.name, this.generation);
  }

  private stale(what: string): ReveilleError {
    return new ReveilleError('STALE_GENERATION', `generation ${this.generation} ${what}`);
  }
}
