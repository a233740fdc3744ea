import { join } from 'node:path';
import {
  createMasker,
  type ProviderName,
  providerNames,
  type ResourceDefinition,
  readSettings,
  secretsOf,
  settingsOf,
} from '../../../config/index.js';
import { isReveilleError, ReveilleError } from '../../../errors/index.js';
import type { Endpoint, Instance, StopMode } from '../../../workflows/messages.js';
import type { InspectResult } from '../../contract.js';
import type { HostServices } from '../../host/services.js';
import type { BootRequest, Change, Connection, Found, Provider, ProviderContext } from '../contract.js';
import { type MakeClouds, StackClouds, stacksOf } from './clouds.js';
import { type Outputs, PulumiHome, type StackRecord } from './home.js';
import { describe, environmentOf } from './job.js';
import { type Outcome, runOperation } from './run.js';
import { findTools } from './tools.js';
import { Turns } from './turns.js';

const LOG_BYTES = 4096;
const LOG_LIMIT_BYTES = 1_000_000;

/** The providers that outputs of templates may name. */
export type Others = Readonly<Record<Exclude<ProviderName, 'pulumi'>, Provider>>;

/** Who wakes and stops the instance, and the request in his words. */
interface Delegate {
  readonly provider: Provider;
  readonly request: BootRequest;
}

/**
 * A resource whose cloud side is a Pulumi program. The first boot creates it (`up`); its outputs name the instance and
 * its provider, and from then on waking and sleeping go through that one directly. `delete` destroys it. What was
 * created stands in the state folder, so this host's worker is the one that boots it.
 */
export class PulumiProvider implements Provider {
  readonly hostBound = true;
  private readonly folder: string;
  private readonly turns: Turns;
  private readonly clouds: StackClouds;

  constructor(
    private readonly services: HostServices,
    private readonly others: Others,
    makeClouds: MakeClouds,
  ) {
    this.folder = join(services.stateDir, 'pulumi');
    this.turns = new Turns(() => services.config.worker.pulumi);
    this.clouds = new StackClouds(services, makeClouds, () => this.atClouds());
  }

  async boot(
    request: BootRequest,
    context: ProviderContext,
  ): Promise<{ instance: Instance; adopted: boolean }> {
    const home = this.home(request.name);
    home.generations.begin(request.generation);
    const wanted = describe(request, home.folder, this.services).wanted;
    const known = home.record();
    const record = known?.wanted === wanted ? known : await this.up(request, context);
    // A stop that came before the stack was up told nobody else of it.
    home.generations.check(request.generation);
    const { provider, request: own } = this.delegateOf(request, record.outputs);
    return await provider.boot(own, context);
  }

  async inspect(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    const delegate = this.delegate(request);
    if (delegate === undefined) return { state: 'gone', reason: 'its stack is not up' };
    return await delegate.provider.inspect(delegate.request, instance, context);
  }

  async adopt(request: BootRequest, instance: Instance, context: ProviderContext): Promise<InspectResult> {
    const delegate = this.delegate(request);
    if (delegate === undefined) return { state: 'gone', reason: 'its stack is not up' };
    return await delegate.provider.adopt(delegate.request, instance, context);
  }

  /** The stack stays, unless it is to be deleted or never came up: then nothing of it is left. */
  async stop(
    request: BootRequest,
    instance: Instance | undefined,
    options: { then: StopMode; force: boolean },
    context: ProviderContext,
  ): Promise<void> {
    const home = this.home(request.name);
    // Before it looks: an `up` that begins later looks for this once it can be seen that it has begun.
    home.generations.seal(request.generation);
    const delegate = this.delegate(request);
    await delegate?.provider.stop(delegate.request, instance, options, context);
    if (options.then !== 'delete' && (delegate !== undefined || !home.isBegun)) return;
    if (options.then !== 'delete') context.heartbeat('removing what was begun');
    await this.destroy(request, context);
  }

  async watch(
    request: BootRequest,
    instance: Instance,
    context: ProviderContext,
  ): Promise<{ reason: string; log?: string } | undefined> {
    const delegate = this.delegate(request);
    return delegate === undefined
      ? { reason: 'its stack is not up' }
      : await delegate.provider.watch(delegate.request, instance, context);
  }

  async connect(
    request: BootRequest,
    instance: Instance,
    connection: Connection,
    context: ProviderContext,
  ): Promise<Endpoint> {
    const delegate = this.delegate(request);
    if (delegate?.provider.connect === undefined)
      throw new ReveilleError('CONFIG_INVALID', `${request.name} has one endpoint`);
    return await delegate.provider.connect(delegate.request, instance, connection, context);
  }

  /** What the others list of ours: they know nothing of whose it is. */
  async list(context: ProviderContext): Promise<Found[]> {
    const names = new Map<string, Set<string>>();
    for (const name of PulumiHome.names(this.folder)) {
      const kind = this.home(name).record()?.outputs.provider;
      if (kind !== undefined) names.set(kind, (names.get(kind) ?? new Set()).add(name));
    }
    const found: Found[] = [];
    const others = { ...this.others, ...this.clouds.providers };
    for (const [kind, ours] of names) {
      const listed = isOther(kind) ? await others[kind].list(context) : [];
      found.push(...listed.filter(({ name }) => ours.has(name)));
    }
    return found;
  }

  follow(tell: (change: Change) => void, context: ProviderContext): Promise<void> {
    return this.clouds.follow(tell, context);
  }

  async kept(): Promise<string[]> {
    return PulumiHome.names(this.folder).filter((name) => this.home(name).isBegun);
  }

  /** The instance's; while there is none, that of the engine. */
  async logTail(request: Pick<BootRequest, 'name' | 'definition'>, bytes: number): Promise<string> {
    const { name, definition } = request;
    const mask = this.masker(definition);
    const outputs = this.home(name).record()?.outputs;
    if (outputs === undefined) return await this.home(name).log.tail(bytes, mask);
    const { provider, definition: own } = this.ofOutputs(definition, outputs);
    return mask(await provider.logTail({ name, definition: own }, bytes));
  }

  async maintain(): Promise<void> {
    // A reload may have raised worker.pulumi.
    this.turns.admit();
    for (const name of PulumiHome.names(this.folder)) await this.home(name).log.rotate(LOG_LIMIT_BYTES);
  }

  /** What an `up` would do, in the engine's words. Nothing is changed. */
  async preview(request: BootRequest, context: ProviderContext): Promise<string> {
    const outcome = await this.operate('preview', request, context);
    if (outcome.state === 'done') return this.masker(request.definition)(outcome.text ?? '');
    throw await this.failure('BOOT_FAILED', 'preview', request, outcome);
  }

  private async up(request: BootRequest, context: ProviderContext): Promise<StackRecord> {
    const outcome = await this.operate('up', request, context);
    if (outcome.state === 'done' && outcome.record !== undefined) return outcome.record;
    throw await this.failure('BOOT_FAILED', 'up', request, outcome);
  }

  private async destroy(request: BootRequest, context: ProviderContext): Promise<void> {
    const home = this.home(request.name);
    if (!home.isBegun) return home.clear();
    const outcome = await this.operate('destroy', request, context);
    // A younger generation is up: it is that one's now.
    if (outcome.state === 'stale') return;
    if (outcome.state === 'failed') throw await this.failure('STOP_FAILED', 'destroy', request, outcome);
    home.clear();
  }

  private async operate(kind: 'up' | 'destroy' | 'preview', request: BootRequest, context: ProviderContext) {
    const home = this.home(request.name);
    const job = describe(request, home.folder, this.services);
    const tools = await findTools(settingsOf(request.definition, 'pulumi').template);
    const env = await environmentOf(request, this.services);
    context.heartbeat(`pulumi ${kind}`);
    return await this.turns.take(context.signal, () =>
      runOperation({ kind, job, home, tools, env }, context),
    );
  }

  private async failure(
    code: 'BOOT_FAILED' | 'STOP_FAILED',
    kind: string,
    { name, definition, generation }: BootRequest,
    outcome: Outcome,
  ): Promise<ReveilleError> {
    if (outcome.state === 'stale') {
      const message = `generation ${generation} was stopped, or a younger one has begun`;
      const { younger } = outcome;
      return new ReveilleError('STALE_GENERATION', message, younger === undefined ? {} : { younger });
    }
    const mask = this.masker(definition);
    const log = await this.home(name).log.tailOfGeneration(LOG_BYTES, mask);
    const told = outcome.state === 'failed' ? outcome : { code: 'failed', message: 'it gave no outputs' };
    if (told.code === 'locked') return new ReveilleError('STACK_LOCKED', told.message, { log });
    const late = 'did not end within pulumi.timeout, and was interrupted';
    const why = told.code === 'timeout' ? late : `failed: ${firstLine(mask(told.message))}`;
    return new ReveilleError(code, `pulumi ${kind} ${why}`, { log });
  }

  private delegate(request: BootRequest): Delegate | undefined {
    const record = this.home(request.name).record();
    return record === undefined ? undefined : this.delegateOf(request, record.outputs);
  }

  private delegateOf(request: BootRequest, outputs: Outputs): Delegate {
    const { provider, definition } = this.ofOutputs(request.definition, outputs);
    return { provider, request: { ...request, definition } };
  }

  /** The resource as it would stand in reveille.yaml, had somebody written down what the template created. */
  private ofOutputs(
    definition: ResourceDefinition,
    { provider: kind, settings, endpoint }: Outputs,
  ): { provider: Provider; definition: ResourceDefinition } {
    if (!isOther(kind))
      throw new ReveilleError('BOOT_FAILED', `the template names ${JSON.stringify(kind)} as its provider`);
    const { pulumi, ...rest } = definition;
    const own = settingsFor(kind, { ...settings, ...pulumi?.instance });
    return {
      provider: this.others[kind],
      definition: {
        ...rest,
        provider: kind,
        [kind]: own,
        endpoint: { ...definition.endpoint, ...endpoint },
      },
    };
  }

  /** What the stacks of this host have at clouds. */
  private atClouds(): Record<string, ResourceDefinition> {
    return stacksOf(PulumiHome.names(this.folder), this.services.config, (name, definition) => {
      const outputs = this.home(name).record()?.outputs;
      if (outputs?.provider !== 'ec2' && outputs?.provider !== 'gce') return undefined;
      try {
        return this.ofOutputs(definition, outputs).definition;
      } catch (error) {
        // Whoever wakes it is told what is wrong with it.
        if (isReveilleError(error)) return undefined;
        throw error;
      }
    });
  }

  private masker(definition: ResourceDefinition): (text: string) => string {
    return createMasker(secretsOf(definition, { env: process.env, folder: this.services.config.folder }));
  }

  private home(name: string): PulumiHome {
    return new PulumiHome(join(this.folder, name));
  }
}

const isOther = (kind: string): kind is keyof Others =>
  kind !== 'pulumi' && (providerNames as readonly string[]).includes(kind);

function settingsFor(kind: ProviderName, given: Record<string, unknown>) {
  try {
    return readSettings(kind, given);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ReveilleError('BOOT_FAILED', `what the template gives are no settings of ${kind}: ${message}`);
  }
}

/** Of the engine's many: the error itself, else what there is. */
function firstLine(message: string): string {
  const lines = message.split('\n').map((line) => line.trim());
  const told = lines.find((line) => /^error: /.test(line)) ?? lines.find((line) => line !== '') ?? message;
  return told.slice(0, 500);
}
