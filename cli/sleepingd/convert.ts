/** From sleepingd.conf to the resources of reveille.yaml. */
import { Document, isMap, isScalar } from 'yaml';
import { readConf, type Value } from './ini.js';
import { type Reading, readGeneral, readService, type Service } from './service.js';

/** What "never" is in a file that knows no such word. */
const NEVER = '36500d';
/** Where no timeout is set: every wait has an end. */
const LONG = '24h';
const DEFAULT_BOOT_S = 600;
const MAX_NAME = 60;

export interface Converted {
  /** As in reveille.yaml, by name. */
  readonly resources: Record<string, object>;
  /** Remarks on each resource, for comments. */
  readonly remarks: Readonly<Record<string, readonly string[]>>;
  readonly services: readonly { readonly name: string; readonly title: string; readonly port: number }[];
  /** VARRUN_PATH of the general section: a folder for what is written. */
  readonly state: string | undefined;
  /** Sections and lines that were left out and why, in words. */
  readonly skipped: readonly string[];
}

export function convert(text: string): Converted {
  const { general, services, odd } = readConf(text);
  const readings: [string, Reading][] = [
    ['general', readGeneral(general)],
    ...services.map(({ name, section }): [string, Reading] => [name, readService(name, section, general)]),
  ];
  const skipped = [...odd];
  const resources: Record<string, object> = {};
  const remarks: Record<string, string[]> = {};
  const done: { name: string; title: string; port: number }[] = [];
  for (const [title, reading] of readings) {
    if ('skipped' in reading) {
      if (reading.skipped !== undefined) skipped.push(`[${title}]: ${reading.skipped}`);
      continue;
    }
    const { service } = reading;
    const taken = done.find(({ port }) => port === service.port);
    if (taken !== undefined) {
      skipped.push(`[${title}]: PORT ${service.port} is that of [${taken.title}]`);
      continue;
    }
    const name = nameOf(service.title, Object.keys(resources));
    resources[name] = resourceOf(service);
    remarks[name] = remarksOn(service);
    done.push({ name, title: service.title, port: service.port });
  }
  return {
    resources,
    remarks,
    services: done,
    state: general.get('VARRUN_PATH')?.text || undefined,
    skipped,
  };
}

/** The text of a reveille.yaml, with comments on what has no counterpart. */
export function yamlOf({ resources, remarks, state }: Converted, source: string): string {
  const document = new Document({ ...(state === undefined ? {} : { state }), resources });
  document.commentBefore = ` From ${source.replaceAll('\n', ' ')}, by \`reveille import\`.`;
  const section = document.get('resources');
  for (const { key } of isMap(section) ? section.items : []) {
    if (!isScalar(key)) continue;
    const lines = remarks[String(key.value)] ?? [];
    key.commentBefore = lines.map((line) => ` ${line.replaceAll('\n', ' ')}`).join('\n');
  }
  return `${document.toString({ lineWidth: 0 }).trimEnd()}\n`;
}

function resourceOf(service: Service): object {
  const { check, start, stop, idle, timeouts, user, idleTime, idleInterval, port } = service;
  const bootSeconds =
    timeouts.start === undefined ? undefined : Math.max(DEFAULT_BOOT_S, timeouts.start + 60);
  const probe = idle && {
    command: shell(idle),
    interval: `${idleInterval}s`,
    timeout: timeouts.idle === undefined ? LONG : `${timeouts.idle}s`,
    ...(user === undefined ? {} : { user }),
  };
  return {
    provider: 'command',
    command: {
      ...(check === undefined ? { perConnection: true } : { check: step(check, timeouts.check) }),
      start: step(start, timeouts.start),
      ...(stop === undefined ? {} : { stop: step(stop, timeouts.stop) }),
      ...(user === undefined ? {} : { user }),
    },
    health: 'none',
    boot: { timeout: bootSeconds === undefined ? LONG : `${bootSeconds}s` },
    idle: idleTime === undefined ? { after: NEVER } : { after: `${idleTime}s`, ...(probe && { probe }) },
    routes: [{ tcp: `0.0.0.0:${port}` }],
  };
}

const step = (value: Value, timeout: number | undefined) =>
  timeout === undefined ? shell(value) : { run: shell(value), timeout: `${timeout}s` };

/**
 * In double quotes the value is what bash makes of it when the command runs: variables such as SOCAT_PEERADDR and
 * `$(date)` are replaced first. `${` would begin a reference of ours.
 */
function shell({ text, expands }: Value): string[] {
  const script = expands && /[$`\\]/.test(text) ? `eval "${text}"` : text;
  return ['bash', '-c', script.replaceAll('${', () => '$${')];
}

function remarksOn({
  title,
  check,
  start,
  stop,
  timeouts,
  idle,
  idleTime,
  varRun,
  remarks,
}: Service): string[] {
  return [
    `[${title}]`,
    check === undefined
      ? 'CHECK_CMD is not set: START_CMD is run for each connection, one after the other.'
      : 'START_CMD is run when CHECK_CMD fails, once per wake.',
    ...(start.text === 'false' ? ['START_CMD is not set: every connection is closed, as by sleepingd.'] : []),
    ...(stop === undefined ? ['STOP_CMD is not set: nothing is done to stop it.'] : []),
    ...(stop === undefined ? [] : ['STOP_CMD is run once, and again only while its exit code is not 0.']),
    ...(timeouts.start === undefined
      ? [`Without START_CMD_TIMEOUT, a start is given up after ${LONG}.`]
      : []),
    ...(idle && idleTime !== undefined
      ? ['IDLE_CMD is asked once nobody has been connected for IDLE_TIME, then every IDLE_CHECK_INTERVAL.']
      : []),
    ...(idleTime === undefined
      ? ['Idle detection is off: it is stopped when Reveille ends, or by hand.']
      : []),
    ...(varRun === undefined
      ? []
      : [`VARRUN_PATH=${varRun} has no counterpart: one state folder serves all.`]),
    ...remarks,
  ];
}

/** Such as `simple-web-server`. */
function nameOf(title: string, taken: readonly string[]): string {
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_NAME)
    .replace(/^-+|-+$/g, '');
  const name = slug || 'service';
  let free = name;
  for (let n = 2; taken.includes(free); n++) free = `${name.slice(0, MAX_NAME - 4)}-${n}`;
  return free;
}
