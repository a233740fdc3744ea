import { createHash } from 'node:crypto';
import type { Params, Selection } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { Gate, Standing } from '../gate-contract.js';
import type { Asked, Pool, Route } from '../route.js';

export interface Member {
  readonly name: string;
  readonly params: Params | undefined;
  readonly hostHeader: string | undefined;
  readonly showLog: boolean;
}

export interface SeveralSettings {
  readonly select: Selection;
  /** Requests in flight for each member, before another one is woken. */
  readonly per?: number | undefined;
}

/** A member, and how it stands at the moment. */
interface Candidate {
  readonly member: Member;
  readonly standing: Standing['standing'];
  readonly load: number;
}

type PoolGate = Pick<Gate, 'standing' | 'nudge'>;
/** The better ones first. */
const RANK = { awake: 0, waking: 1, asleep: 2, failing: 3 } as const;
const COOKIE_LENGTH = 16;

/** A pool whose members are known: by number, or named one by one. */
export class SeveralPool implements Pool {
  #turn = 0;
  readonly #cookie: string;
  readonly #marks: Map<string, Member>;

  constructor(
    private readonly name: string,
    private readonly members: readonly Member[],
    private readonly settings: SeveralSettings,
  ) {
    this.#cookie = `reveille-${name}`;
    this.#marks = new Map(members.map((member) => [markOf(name, member), member]));
  }

  choose(route: Route, asked: Asked, gate: PoolGate): Route {
    const all = this.#eligible(asked).map((member): Candidate => {
      const known = gate.standing(member.name);
      return { member, standing: known?.standing ?? 'asleep', load: known?.load ?? 0 };
    });
    const { member } = this.#kept(asked, all) ?? this.#select(this.#wanted(all, gate), asked);
    const { name, params, hostHeader, showLog } = member;
    const cookie = this.settings.select === 'cookie' ? this.#setCookie(member, asked) : undefined;
    // Of those that a template made, the template's rules hold.
    const rulesOf = params === undefined ? name : route.rulesOf;
    return { ...route, resource: name, rulesOf, params, hostHeader, showLog, cookie };
  }

  #eligible({ allows, refusal }: Asked): readonly Member[] {
    const eligible = this.members.filter(({ name }) => allows(name));
    if (eligible.length > 0) return eligible;
    throw refusal(`No member of ${this.name} is for everybody`);
  }

  /**
   * Who may be chosen. Without a number of requests for each: who is awake, else who wakes, else all. With one: as
   * many as the requests in flight need, the same ones each time, so that the others fall asleep when they are
   * fewer; of these who is awake, while the rest is woken for those who come next.
   */
  #wanted(all: readonly Candidate[], gate: PoolGate): readonly Candidate[] {
    const { per, select } = this.settings;
    const sound = all.filter(({ standing }) => standing !== 'failing');
    const able = sound.length > 0 ? sound : all;
    if (select === 'clientAddress' && per === undefined) return able;
    const ranked = [...able].sort((a, b) => RANK[a.standing] - RANK[b.standing]);
    if (per === undefined) return ranked.filter(({ standing }) => standing === ranked[0]?.standing);
    const inFlight = all.reduce((sum, { load }) => sum + load, 0);
    const wanted = ranked.slice(0, Math.max(1, Math.ceil((inFlight + 1) / per)));
    const awake = wanted.filter(({ standing }) => standing === 'awake');
    if (awake.length === 0) return wanted;
    for (const { member, standing } of wanted) {
      const { name, params } = member;
      if (standing === 'asleep') gate.nudge(name, { params, reason: `${inFlight} requests in flight` });
    }
    return select === 'clientAddress' ? wanted : awake;
  }

  #select(candidates: readonly Candidate[], { address }: Asked): Candidate {
    const { select, per = Number.POSITIVE_INFINITY } = this.settings;
    const [first] = candidates;
    if (first === undefined) throw new ReveilleError('RESOURCE_UNKNOWN', `${this.name} has no members.`);
    const at = (index: number) => candidates[index % candidates.length] ?? first;
    switch (select) {
      case 'first':
        return candidates.find(({ load }) => load < per) ?? leastLoaded(candidates, first);
      case 'random':
        return at(Math.floor(Math.random() * candidates.length));
      case 'roundRobin':
        return at(this.#turn++);
      case 'clientAddress':
        return byAddress(candidates, first, address);
      default:
        return leastLoaded(candidates, first);
    }
  }

  /** The member that the client's cookie marks, where it may still have it. */
  #kept({ cookies }: Asked, all: readonly Candidate[]): Candidate | undefined {
    if (this.settings.select !== 'cookie') return undefined;
    const member = this.#marks.get(cookieOf(cookies, this.#cookie) ?? '');
    return all.find((one) => one.member === member && one.standing !== 'failing');
  }

  #setCookie(member: Member, { cookies }: Asked): string | undefined {
    const mark = markOf(this.name, member);
    if (cookieOf(cookies, this.#cookie) === mark) return undefined;
    return `${this.#cookie}=${mark}; Path=/; HttpOnly; SameSite=Lax`;
  }
}

function leastLoaded(candidates: readonly Candidate[], first: Candidate): Candidate {
  return candidates.reduce((best, one) => (one.load < best.load ? one : best), first);
}

/** Rendezvous hashing: a member that comes or goes moves none but its own clients. */
function byAddress(candidates: readonly Candidate[], first: Candidate, address: string): Candidate {
  const weight = ({ member }: Candidate) =>
    createHash('sha256').update(`${member.name} ${address}`).digest().readUIntBE(0, 6);
  let best = first;
  let heaviest = -1;
  for (const one of candidates) {
    const own = weight(one);
    if (own > heaviest) [best, heaviest] = [one, own];
  }
  return best;
}

/** The same in every proxy and after each restart; tells nobody the member's name. */
function markOf(pool: string, { name }: Member): string {
  return createHash('sha256').update(`${pool} ${name}`).digest('hex').slice(0, COOKIE_LENGTH);
}

function cookieOf(cookies: string | undefined, name: string): string | undefined {
  if (cookies === undefined) return undefined;
  for (const part of cookies.split(';')) {
    const [key = '', value] = part.split('=', 2);
    if (key.trim() === name) return value?.trim();
  }
  return undefined;
}
