import type { Visitor } from '../../access/visitor.js';
import {
  countsAsGroup,
  isAdmissible,
  isAllowed,
  type KeyPool,
  keyParts,
  memberName,
  type Params,
} from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { Gate } from '../gate-contract.js';
import type { Asked, Pool, Route } from '../route.js';
import { capturesOf, prefixOf } from '../route-pattern.js';

interface Spawned {
  name: string;
  params: Params;
  /** All of the key but the groups. */
  rest: string;
  groups: readonly string[];
}

/** A pool with a member for each value of its key. */
export class KeyedPool implements Pool {
  readonly #parts: ReturnType<typeof keyParts>;
  /** Members that took their groups from users, as far as this proxy knows them: bounded by maxInstances. */
  #spawned: Spawned[] = [];

  constructor(
    private readonly name: string,
    private readonly settings: KeyPool,
  ) {
    this.#parts = keyParts(settings.key);
  }

  choose(route: Route, asked: Asked, gate: Pick<Gate, 'standing'>): Route {
    const captures = capturesOf(route, asked.authority, asked.target);
    const values: Record<string, string> = {};
    for (const { from, name } of this.#parts) {
      values[name] = from === 'capture' ? this.#capture(captures, name) : this.#verified(from, asked);
    }
    const { name, params } = this.#member(values, gate);
    return { ...route, resource: name, params, prefix: prefixOf(route, asked.target) };
  }

  #capture(captures: Record<string, string>, name: string): string {
    const value = captures[name] ?? '';
    if (isAllowed(this.settings, value)) return value;
    throw new ReveilleError('CAPTURE_REFUSED', `This is no ${name} that ${this.name} takes.`);
  }

  #verified(from: 'user' | 'group' | 'groups', { visitor, refusal }: Asked): string {
    const value = from === 'user' ? visitor.user : this.#groupsOf(visitor)[from];
    if (value === undefined || value === '') throw refusal(`${this.name} has an instance for each ${from}`);
    if (isAdmissible(value)) return value;
    throw new ReveilleError('CAPTURE_REFUSED', `This ${from} is too long or has control characters.`);
  }

  /** A comma is what stands between groups: one that has it cannot be told from two. */
  #groupsOf({ groups }: Visitor): { group: string | undefined; groups: string } {
    const counting = groups.filter((group) => !group.includes(',') && countsAsGroup(this.settings, group));
    return { group: counting[0], groups: [...new Set(counting)].sort().join(',') };
  }

  /** The member of this key; where groups are part of it, one that is awake and asks for no group beyond these. */
  #member(params: Params, gate: Pick<Gate, 'standing'>): { name: string; params: Params } {
    const own = { name: memberName(this.name, params), params };
    if (params.groups === undefined || !this.#parts.some(({ from }) => from === 'groups')) return own;
    const groups = params.groups.split(',');
    const rest = JSON.stringify(this.#parts.map(({ name }) => (name === 'groups' ? '' : params[name])));
    const isUp = ({ name }: { name: string }) => gate.standing(name)?.standing === 'awake';
    if (!isUp(own)) {
      const has = (group: string) => groups.includes(group);
      const shared = this.#spawned.find((one) => one.rest === rest && one.groups.every(has) && isUp(one));
      if (shared !== undefined) return shared;
    }
    this.#remember({ ...own, rest, groups }, isUp);
    return own;
  }

  #remember(spawned: Spawned, isUp: (one: Spawned) => boolean): void {
    if (this.#spawned.some(({ name }) => name === spawned.name)) return;
    if (this.#spawned.length >= this.settings.maxInstances) this.#spawned = this.#spawned.filter(isUp);
    this.#spawned.push(spawned);
  }
}
