/** What may wake: looked at only by requests that the gate has no pass for. A warm request does not pay for it. */
import type { IncomingMessage } from 'node:http';
import type { AsleepAnswer, Config } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { Phase } from '../../workflows/messages.js';
import type { Gate, Pass, WaitOptions } from '../gate-contract.js';
import type { IsTrusted } from '../peer.js';
import { sourceOf } from '../source.js';
import type { Access } from './access.js';
import { clientAddress } from './client-address.js';
import type { Identified } from './identity.js';
import { type Matcher, matcherOf, type Question } from './request-pattern.js';
import { type AccessRule, accessRule } from './rules.js';
import type { WakeLimits } from './wake-limits.js';

interface ResourceRules {
  by: AccessRule | undefined;
  allow: Matcher[] | undefined;
  deny: Matcher[];
  answers: { fits: Matcher; answer: AsleepAnswer }[];
}

/** A request that has to wait. */
export interface Sleeper {
  gate: Gate;
  resource: string;
  /** The resource of the configuration whose rules hold. */
  rulesOf: string;
  request: IncomingMessage;
  /** Without its query. */
  path: string;
  who: Identified;
}

export class WakeRules {
  /** Only of resources that have any. */
  readonly #rules = new Map<string, ResourceRules>();

  constructor(
    config: Config,
    private readonly access: Access,
    private readonly isTrusted: IsTrusted,
    private readonly limits: WakeLimits,
  ) {
    for (const [name, { wake, asleep }] of Object.entries(config.resources)) {
      if (!wake.by && !wake.allow && wake.deny.length === 0 && asleep.length === 0) continue;
      this.#rules.set(name, {
        by: wake.by && accessRule(wake.by),
        allow: wake.allow?.map(matcherOf),
        deny: wake.deny.map(matcherOf),
        answers: asleep.map((answer) => ({ fits: matcherOf(answer), answer })),
      });
    }
  }

  /**
   * Takes a request to the gate, which has no pass for it yet: waits there until the resource is ready.
   * @returns a pass, or the answer that the proxy gives itself.
   * @throws ReveilleError WAKE_DENIED, WAKE_LIMITED, 401 where being known could help, and those of the gate.
   */
  async enter(sleeper: Sleeper, options: WaitOptions): Promise<Pass | AsleepAnswer> {
    const rules = this.#rules.get(sleeper.rulesOf);
    const answer = rules && (await this.#consider(rules, sleeper));
    if (answer !== undefined) return answer;
    options.signal.throwIfAborted();
    this.limits.count(sleeper.gate, sleeper, this.#keyOf(sleeper));
    return await sleeper.gate.enter(sleeper.resource, options);
  }

  /**
   * What becomes of a request that would wake: an answer of the proxy's own, or undefined where it may go on. An
   * awake resource (held by another proxy) is for all who may use it, and who may not wake may wait with others.
   */
  async #consider(rules: ResourceRules, sleeper: Sleeper): Promise<AsleepAnswer | undefined> {
    const { request, path } = sleeper;
    const question: Question = { request, path, address: () => clientAddress(request, this.isTrusted) };
    const found = rules.answers.find(({ fits }) => fits(question, 'every'));
    const refusal = found === undefined ? this.#refusal(rules, sleeper, question) : undefined;
    if (found === undefined && refusal === undefined) return undefined;
    const phase = await sleeper.gate.phase(sleeper.resource);
    if (found !== undefined) return phase === 'ready' ? undefined : found.answer;
    if (refusal !== undefined && !COMING.has(phase)) throw refusal;
    return undefined;
  }

  #refusal(rules: ResourceRules, sleeper: Sleeper, question: Question): ReveilleError | undefined {
    const { resource, who } = sleeper;
    if (rules.by?.allows(who.visitor, () => question.address()) === false) {
      const known = this.access.refusal(rules.by, who, `Waking ${resource} is not for everybody`);
      return known.status === 401 ? known : new ReveilleError('WAKE_DENIED', known.message);
    }
    const denied = rules.deny.some((fits) => fits(question, 'any'));
    const allowed = rules.allow?.some((fits) => fits(question, 'every')) ?? true;
    if (allowed && !denied) return undefined;
    return new ReveilleError(
      'WAKE_DENIED',
      `${resource} is asleep, and requests like this one do not wake it.`,
    );
  }

  #keyOf({ request, who: { visitor } }: Sleeper): string {
    const { user } = visitor;
    if (user !== undefined) return `user ${user}`;
    return sourceOf(clientAddress(request, this.isTrusted));
  }
}

/** Phases that lead to `ready` without another wake. */
const COMING: ReadonlySet<Phase> = new Set(['imaging', 'booting', 'checking', 'ready']);
