/** What may wake: looked at only by requests that the gate has no pass for. A warm request does not pay for it. */
import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../../access/client-address.js';
import type { Identified } from '../../access/identity.js';
import type { IsTrusted } from '../../access/peer.js';
import { type AccessRule, accessRule } from '../../access/rules.js';
import { sourceOf } from '../../access/source.js';
import type { AsleepAnswer, Config } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { Phase } from '../../workflows/messages.js';
import type { Gate, Pass, WaitOptions } from '../gate-contract.js';
import { pathOf } from '../request-target.js';
import type { Access } from './access.js';
import { type Matcher, matcherOf, type Question } from './request-pattern.js';
import type { WakeLimits } from './wake-limits.js';

interface ResourceRules {
  by: AccessRule | undefined;
  allow: Matcher[] | undefined;
  deny: Matcher[];
  ignore: Matcher[];
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
  #ignoresAny = false;

  constructor(
    config: Config,
    private readonly access: Access,
    private readonly isTrusted: IsTrusted,
    private readonly limits: WakeLimits,
  ) {
    for (const [name, { wake, asleep, idle }] of Object.entries(config.resources)) {
      const lists = [wake.deny, asleep, idle.ignore];
      if (!wake.by && !wake.allow && lists.every(({ length }) => length === 0)) continue;
      this.#ignoresAny ||= idle.ignore.length > 0;
      this.#rules.set(name, {
        by: wake.by && accessRule(wake.by),
        allow: wake.allow?.map(matcherOf),
        deny: wake.deny.map(matcherOf),
        ignore: idle.ignore.map(matcherOf),
        answers: asleep.map((answer) => ({ fits: matcherOf(answer), answer })),
      });
    }
  }

  /** Whether a request is no use of a resource. @param target path and query. */
  ignores(rulesOf: string, request: IncomingMessage, target: string): boolean {
    if (!this.#ignoresAny) return false;
    const ignore = this.#rules.get(rulesOf)?.ignore ?? [];
    return ignore.length > 0 && this.#fitsOne(ignore, this.#question(request, pathOf(target)));
  }

  /**
   * Takes a request to the gate, which has no pass for it yet: waits there until the resource is ready.
   * @returns a pass, or the answer that the proxy gives itself.
   * @throws ReveilleError ASLEEP, WAKE_DENIED, WAKE_LIMITED, 401 where being known could help, and those of the gate.
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
    const question = this.#question(sleeper.request, sleeper.path);
    const found = rules.answers.find(({ fits }) => fits(question, 'every'));
    if (this.#fitsOne(rules.ignore, question)) {
      if (found !== undefined) return found.answer;
      throw new ReveilleError('ASLEEP', `${sleeper.resource} is asleep, as far as this proxy knows.`);
    }
    const refusal = found === undefined ? this.#refusal(rules, sleeper, question) : undefined;
    if (found === undefined && refusal === undefined) return undefined;
    const phase = await sleeper.gate.phase(sleeper.resource);
    if (found !== undefined) return phase === 'ready' ? undefined : found.answer;
    if (refusal !== undefined && !COMING.has(phase)) throw refusal;
    return undefined;
  }

  #question(request: IncomingMessage, path: string): Question {
    return { request, path, address: () => clientAddress(request, this.isTrusted) };
  }

  #fitsOne(ignore: readonly Matcher[], question: Question): boolean {
    return ignore.some((fits) => fits(question, 'every'));
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
