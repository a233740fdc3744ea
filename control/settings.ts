import { type Config, isLoopback, resolveReferences, splitAddress } from '../config/index.js';
import { ReveilleError } from '../errors/index.js';

/** Who may call, as the configuration in force says. */
export interface Access {
  /** Required always where there is one. */
  token: string | undefined;
  /** Only programs of this machine reach the address. */
  loopback: boolean;
  /** The host that the configuration listens on: a name that callers may use. */
  host: string;
}

/** The configuration in force; `reload` puts another in its place, or keeps the old one. */
export interface Settings {
  readonly config: Config;
  readonly access: Access;
}

/**
 * @throws ReveilleError REFERENCE_UNRESOLVED, or CONFIG_INVALID where anybody on the network could stop
 *   machines.
 */
export function settingsOf(config: Config): Settings {
  const { host } = splitAddress(config.control.listen);
  const token = tokenOf(config);
  const loopback = isLoopback(host);
  if (!loopback && token === undefined) {
    throw new ReveilleError(
      'CONFIG_INVALID',
      `control.listen is ${host}: control.token is needed off loopback`,
    );
  }
  return { config, access: { token, loopback, host } };
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
