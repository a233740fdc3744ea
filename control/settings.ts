import type { Identities, Identity } from '../access/identity.js';
import { type IsTrusted, trustedPeers } from '../access/peer.js';
import { type AccessRule, accessRule } from '../access/rules.js';
import { type Config, isLoopback, resolveReferences, splitAddress } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';

/** Whom the control address lets in beside those who have the token. */
export interface People {
  /** Absent: nobody is known. */
  identity: Identity | undefined;
  see: AccessRule | undefined;
  act: AccessRule | undefined;
  /** Names that the proxy in front is called by. */
  hosts: readonly string[];
}

/** Who may call, as the configuration in force says. */
export interface Access {
  /** Lets everything. Required of all but `people` where there is one. */
  token: string | undefined;
  people: People | undefined;
  /** Only programs of this machine reach the address. */
  loopback: boolean;
  /** The host that the configuration listens on: a name that callers may use. */
  host: string;
  /** Whose X-Forwarded-For is believed. */
  isTrusted: IsTrusted;
}

/** The configuration in force; `reload` puts another in its place, or keeps the old one. */
export interface Settings {
  readonly config: Config;
  readonly access: Access;
}

/**
 * @param identities keeps keys and tokens over reloads.
 * @throws ReveilleError REFERENCE_UNRESOLVED, or CONFIG_INVALID where anybody on the network could stop
 *   machines.
 */
export function settingsOf(config: Config, identities: Identities): Settings {
  const { host } = splitAddress(config.control.listen);
  const token = tokenOf(config);
  const people = peopleOf(config, identities);
  const loopback = isLoopback(host);
  if (!loopback && token === undefined && people === undefined) {
    throw new ReveilleError(
      'CONFIG_INVALID',
      `control.listen is ${host}: control.token or control.access is needed off loopback`,
    );
  }
  return { config, access: { token, people, loopback, host, isTrusted: trustedPeers(config.proxy.trusted) } };
}

function peopleOf(config: Config, identities: Identities): People | undefined {
  const { access } = config.control;
  if (access === undefined) return undefined;
  return {
    identity: identities.of(config),
    see: access.see && accessRule(access.see),
    act: access.act && accessRule(access.act),
    hosts: access.hosts.map((host) => host.toLowerCase()),
  };
}

/** What a header can carry without being read in two ways. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * The token that the configuration names. An empty one would let everybody in: it is an error.
 * @throws ReveilleError REFERENCE_UNRESOLVED, CONFIG_INVALID.
 */
export function tokenOf(config: Config): string | undefined {
  const { token } = config.control;
  if (token === undefined) return undefined;
  const { value } = resolveReferences(token, {
    env: process.env,
    folder: config.folder,
    key: 'control.token',
  });
  if (TOKEN.test(value)) return value;
  const what = value === '' ? 'is empty' : 'has spaces or characters that are not ASCII';
  throw new ReveilleError('CONFIG_INVALID', `control.token ${what}`);
}
