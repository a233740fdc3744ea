/** The proxies and workers of this machine: each registers itself in the state folder and tells its metrics. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { METRICS_CALL, SIGNATURE_HEADER, sign } from '../config/index.js';

/** One that does not answer by then is left out. */
const ANSWER_MS = 1000;
/** Of each kind. */
const MAX_PARTS = 64;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

const registration = z.object({
  kind: z.enum(['proxy', 'worker']),
  id: z.string(),
  at: z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+):\d{1,5}$/),
  pid: z.number().int().positive(),
});
type Registration = z.output<typeof registration>;

const metricName = z.string().regex(/^reveille_[a-zA-Z0-9_]+$/);
/** What `getMetricsAsJSON()` of prom-client gives. Names are checked: prom-client prints them as they are. */
const metric = z.looseObject({
  name: metricName,
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram', 'summary']),
  aggregator: z.enum(['sum', 'first', 'min', 'max', 'average', 'omit']).default('sum'),
  values: z.array(
    z.looseObject({
      value: z.number(),
      labels: z.record(z.string().regex(/^[a-zA-Z_]\w*$/), z.union([z.string(), z.number()])),
      metricName: metricName.optional(),
    }),
  ),
});
export type PartMetrics = z.output<typeof metric>[];

/** Metrics of every registered part of a kind that answers in time. Never rejects. */
export async function askParts(
  kind: Registration['kind'],
  stateFolder: string,
  secret: string,
): Promise<PartMetrics[]> {
  const registered = await registeredParts(kind, stateFolder);
  const answers = await Promise.all(registered.map((part) => askPart(part, secret)));
  return answers.filter((given) => given !== undefined);
}

/** Reads the registrations; a file that is half gone or not one is passed over. */
async function registeredParts(kind: Registration['kind'], stateFolder: string): Promise<Registration[]> {
  const folder = join(stateFolder, 'run');
  const isOne = (name: string) => name.startsWith(`${kind}-`) && /^[a-z]+-\d+\.json$/.test(name);
  const names = (await readdir(folder).catch(() => [])).filter(isOne);
  const read = await Promise.all(
    names.slice(0, MAX_PARTS).map(async (name) => {
      try {
        return registration.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
      } catch {
        return undefined;
      }
    }),
  );
  return read.filter((one) => one !== undefined).filter((one) => one.kind === kind && lives(one.pid));
}

/** One that was killed could not take its registration away. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function askPart({ at }: Registration, secret: string): Promise<PartMetrics | undefined> {
  try {
    const response = await fetch(`http://${at}/metrics`, {
      headers: { [SIGNATURE_HEADER]: sign(secret, METRICS_CALL) },
      signal: AbortSignal.timeout(ANSWER_MS),
      redirect: 'error',
    });
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      return undefined;
    }
    return reveilleMetrics(JSON.parse(await bounded(response.body)));
  } catch {
    return undefined;
  }
}

/** Leaves out what has no name of ours, or is not a metric. */
function reveilleMetrics(answer: unknown): PartMetrics {
  return z
    .array(z.unknown())
    .parse(answer)
    .flatMap((one) => metric.safeParse(one).data ?? []);
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new RangeError('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
