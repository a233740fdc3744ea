/** Addresses that people can open. */
import { addressText, type Config, type RouteDefinition, splitAddress, tcpPlace } from '../config/index.js';
import { workflowId } from '../workflows/messages.js';

/** The resource's execution in the Temporal UI, where it is known where that is. */
export function workflowUrl(config: Config, name: string): string | undefined {
  const { temporal } = config;
  const ui = 'address' in temporal ? temporal.ui : `http://127.0.0.1:${temporal.embedded.uiPort}`;
  if (ui === undefined) return undefined;
  const namespace = 'address' in temporal ? temporal.namespace : 'default';
  return `${ui.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId(name))}`;
}

/** One execution of the resource in the Temporal UI. */
export function runUrl(config: Config, name: string, runId: string): string | undefined {
  const all = workflowUrl(config, name);
  return all === undefined ? undefined : `${all}/${encodeURIComponent(runId)}/history`;
}

/** A route as a browser, or another client, on this machine opens it through the proxy. */
export function routeUrl(config: Config, route: RouteDefinition): string {
  if ('tcp' in route) {
    const place = tcpPlace(route, config.proxy.listen);
    return `tcp://${addressText({ ...place, host: callable(place.host) })}`;
  }
  const { host, port } = splitAddress(config.proxy.listen);
  const name = route.host ?? bracketed(callable(host));
  const path = 'path' in route ? route.path : '/';
  return `http://${name}${port === 80 ? '' : `:${port}`}${path}`;
}

/** A wildcard address is where to listen, not where to call. */
export function callable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
