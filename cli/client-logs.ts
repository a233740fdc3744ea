import { pipeline } from 'node:stream/promises';
import type { ClientContext } from './client-actions.js';
import { ControlClient } from './client-http.js';

/** Prints the log of a resource. A reader that has seen enough (`| head`) ends it. */
export async function logs(
  { configFile, json }: ClientContext,
  name: string,
  { follow, lines }: { follow: boolean; lines: number },
): Promise<void> {
  const client = ControlClient.of(configFile);
  const response = await client.open(`/${encodeURIComponent(name)}/logs?lines=${lines}&follow=${follow}`);
  if (json) {
    const text = await response.setEncoding('utf8').toArray();
    const all = text.join('').split('\n').slice(0, -1);
    process.stdout.write(`${JSON.stringify({ name, lines: all })}\n`);
    return;
  }
  try {
    await pipeline(response, process.stdout, { end: false });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}
