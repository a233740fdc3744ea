import type { Config } from '../config/index.js';

/** Ours, or the service manager's words to the worker: none of an instance's business. */
const PRIVATE = [
  /^REVEILLE_/,
  /^TEMPORAL_(API_KEY|TLS_)/,
  /^NODE_(CHANNEL_FD|UNIQUE_ID)$/,
  /^(NOTIFY_SOCKET|WATCHDOG_PID|WATCHDOG_USEC|LISTEN_PID|LISTEN_FDS|LISTEN_FDNAMES)$/,
];

/**
 * The worker's own environment without what an instance or a probe must not see: our names, and every variable
 * that one of our own secrets (Temporal's key, the control token) is taken from.
 */
export function inheritedEnvironment(own: NodeJS.ProcessEnv, config: Config): Record<string, string> {
  const secrets = secretNames(config);
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined || secrets.has(name) || PRIVATE.some((pattern) => pattern.test(name))) continue;
    inherited[name] = value;
  }
  return inherited;
}

function secretNames({ secret, control, temporal }: Config): Set<string> {
  const text = JSON.stringify([secret, control.token, temporal]);
  return new Set([...text.matchAll(/\$\{env:([^}]+)\}/g)].map(([, name]) => name ?? ''));
}
