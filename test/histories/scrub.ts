import type { Json } from './history-json.js';

const NO_BOOT_ID = '00000000-0000-0000-0000-000000000000';
/** The kernel's boot id stands in the identity of processes. */
const BOOT_ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=")/g;

/** Takes out of a history what names the machine that it comes from. Replaying looks at none of it. */
export function scrub(value: Json, key = ''): Json {
  if (Array.isArray(value)) return value.map((item) => scrub(item));
  if (typeof value === 'object' && value !== null) {
    const sticky = value.kind === 'TASK_QUEUE_KIND_STICKY' ? { name: 'sticky' } : {};
    return Object.fromEntries(
      Object.entries({ ...value, ...sticky }).map(([name, item]) => [name, scrub(item, name)]),
    );
  }
  if (typeof value !== 'string') return value;
  if (key === 'identity') return 'worker';
  if (key === 'stackTrace') return '';
  return key === 'data' ? scrubPayload(value) : value;
}

function scrubPayload(base64: string): string {
  const text = Buffer.from(base64, 'base64').toString();
  return Buffer.from(text.replace(BOOT_ID, NO_BOOT_ID)).toString('base64');
}

/** All that payloads say, as text. */
export function payloadsOf(value: Json, key = ''): string {
  if (Array.isArray(value)) return value.map((item) => payloadsOf(item)).join('\n');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value)
      .map(([name, item]) => payloadsOf(item, name))
      .join('\n');
  }
  return key === 'data' ? Buffer.from(String(value), 'base64').toString() : '';
}
