/** What the page and the command line say alike. */
import type { ImageProgress } from '../workflows/messages.js';
import type { ResourceSummary } from './contract.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds in words, to the two largest units: `12 s`, `3 min 4 s`, `2 h 10 min`, `1 d 3 h`. */
export function inWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return pair(seconds, MINUTE, 'min', 1, 's');
  if (seconds < DAY) return pair(seconds, HOUR, 'h', MINUTE, 'min');
  return pair(seconds, DAY, 'd', HOUR, 'h');
}

function pair(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  const first = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${smallName}`;
}

/** `2.0 h`; below an hour, where that would say little or `0.0 h`, `32 s` or `12 min 3 s`. */
export function awakeInWords(hours: number): string {
  return hours < 1 ? inWords(hours * HOUR * 1000) : `${hours.toFixed(1)} h`;
}

/** Hours awake, and money where it has a price; empty where nothing is known. */
export function costs({ cost }: ResourceSummary, now: number): string {
  if (cost === undefined) return '';
  const { since, awakeHours, currency, spent = 0, saved = 0 } = cost;
  const hours = `${awakeInWords(awakeHours)} awake in ${inWords(now - since)}`;
  if (currency === undefined) return hours;
  return `${hours}, ${spent.toFixed(2)} ${currency} spent, ${saved.toFixed(2)} ${currency} saved`;
}

/** `12.3 MB`. */
export function sizeInWords(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** When a resource falls asleep as things stand; empty where it is not known to. */
export function sleeps({ phase, idleDeadline }: ResourceSummary, now: number): string {
  if (phase !== 'ready' || idleDeadline === undefined) return '';
  return idleDeadline <= now ? 'any moment' : `in ${inWords(idleDeadline - now)}`;
}

/** `its image: fetching, 12.3 MB of 40.0 MB`. */
function imageInWords({ step, bytes, total }: ImageProgress): string {
  const of = total === undefined ? '' : ` of ${sizeInWords(total)}`;
  return `its image: ${step}, ${sizeInWords(bytes)}${of}`;
}

/** What is out of the ordinary with a resource. Not escaped. */
export function remarks(resource: ResourceSummary): string[] {
  const { configured, members, ahead, image, provider, outdated, failure, trouble } = resource;
  return [
    ...(members === undefined ? [] : [`a pool, with ${members} awake`]),
    ...(ahead === undefined
      ? []
      : [`waits for a place among those of its provider (quotas.${provider}), with ${ahead} before it`]),
    ...(image === undefined ? [] : [imageInWords(image)]),
    ...(configured ? [] : ['no longer in the configuration']),
    ...(outdated ? ['its definition has changed; the next boot takes the new one'] : []),
    ...(failure === undefined ? [] : [`${failure.code}: ${failure.message}`]),
    ...(trouble === undefined ? [] : [trouble.message]),
  ];
}
