import { addressText, type Config, defaultConfigFile, tcpPlace } from '../../config/index.js';
import { temporalAddress } from '../../temporal/index.js';
import { invocation } from '../invocation.js';

/**
 * What `up` says when everything serves: where things are, what to click first, how to watch it fall asleep.
 * @param proxy HOST:PORT as bound
 * @param control HOST:PORT as bound
 */
export function welcome(config: Config, proxy: string, control: string): string {
  const [name, resource] = Object.entries(config.resources)[0] ?? [];
  const isDefault = config.file === undefined || config.file === defaultConfigFile(process.cwd());
  const command = isDefault ? '' : ` --config ${config.file}`;
  const lines = isUp(config, proxy, control);
  if (name !== undefined && resource !== undefined) {
    lines.push(
      '',
      whatToOpen(name, firstUrl(resource, proxy)),
      `Leave it alone for ${inWords(resource.idle.after)} and it falls asleep again. To watch it:`,
      `  ${invocation()} status --watch${command}`,
    );
  }
  return [...lines, '', 'Ctrl-C ends everything.', ''].join('\n');
}

/** Without a claim that it sleeps: what was awake when another `up` was killed is awake still. */
function whatToOpen(name: string, url: string): string {
  const captures = [...new Set(url.match(/\{[^}]*\}/g))];
  const chosen = captures.length === 0 ? '' : `, with something of your choice for ${captures.join(' and ')}`;
  return `Open ${url}${chosen}: if ${name} is asleep, it wakes.`;
}

/** That everything serves, and where. @param proxy HOST:PORT as bound @param control HOST:PORT as bound */
export function isUp(config: Config, proxy: string, control: string): string[] {
  return [
    '',
    'Reveille is up.',
    `  proxy        http://${proxy}`,
    `  control      http://${control} (the dashboard)`,
    `  Temporal UI  ${temporalUi(config)}`,
  ];
}

/** Where people see the workflows. */
function temporalUi({ temporal, ...config }: Config): string {
  if ('address' in temporal) return temporal.ui ?? `(that of ${temporal.address})`;
  const { address } = temporalAddress({ temporal, ...config });
  if (process.env.TEMPORAL_ADDRESS) return `(that of ${address})`;
  return `http://127.0.0.1:${temporal.embedded.uiPort}/namespaces/default/workflows`;
}

/** The address by which the first route of a resource is reached. */
export function firstUrl(resource: Config['resources'][string], proxy: string): string {
  const route = resource.routes[0];
  if (route !== undefined && 'tcp' in route) return `tcp://${addressText(tcpPlace(route, proxy))}`;
  const port = proxy.slice(proxy.lastIndexOf(':') + 1);
  const host =
    route !== undefined && 'host' in route && route.host !== undefined ? `${route.host}:${port}` : proxy;
  return `http://${host}${route !== undefined && 'path' in route ? route.path : '/'}`;
}

/** A duration as a person would say it. @param ms milliseconds */
export function inWords(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  const seconds = Math.round(ms / 1000);
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ] as const;
  const [size, word] = units.find(([unit]) => seconds % unit === 0 && seconds >= unit) ?? [1, 'second'];
  const count = seconds / size;
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
