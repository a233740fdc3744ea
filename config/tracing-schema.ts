import { z } from 'zod';
import { reference, webUrl, whole } from './values.js';
import { wants } from './wording.js';

const PART = wants('a part', 'a number from 0 to 1, such as 0.1 for every tenth');

export const tracingSchema = z.strictObject({
  /** Of a collector that takes OTLP over HTTP, with its path: http://127.0.0.1:4318/v1/traces. */
  endpoint: webUrl,
  /** Fields of its requests, such as { authorization: "Bearer ${env:TRACES_TOKEN}" }. */
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), reference).default({}),
  /** The part of new traces that is kept, from 0 to 1. Those that a trusted peer began are kept as it says. */
  sample: z.number({ error: PART }).min(0, { error: PART }).max(1, { error: PART }).default(1),
  /** Spans that wait to be sent; more are lost. */
  queue: whole(1).default(2048),
});
