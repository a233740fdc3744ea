import { createHmac, timingSafeEqual } from 'node:crypto';

/** Header of the calls between workers, proxies and control; its value is `sign(secret, …)`. */
export const SIGNATURE_HEADER = 'x-reveille-auth';

/** HMAC-SHA256 in hex. `text` begins with method and path, so that no signature serves for another call. */
export const sign = (secret: string, text: string): string =>
  createHmac('sha256', secret).update(text).digest('hex');

/** Compares in constant time. */
export function verify(secret: string, text: string, signature: unknown): boolean {
  if (typeof signature !== 'string') return false;
  const expected = Buffer.from(sign(secret, text));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
