import type Docker from 'dockerode';
import { cleanText, lastBytes } from '../../log-text.js';
import { ifThere } from './engine.js';

const LINES = 1000;
/** Head of a frame: which stream, three zeros, the length (Docker's API, "Attach to a container"). */
const HEAD_BYTES = 8;

/**
 * The last lines that a container has written, masked and fit to be shown.
 * @param since RFC 3339 time; default: all that the engine keeps.
 */
export async function logTail(
  container: Docker.Container,
  { bytes, mask, since }: { bytes: number; mask: (text: string) => string; since?: string },
): Promise<string> {
  const from = since === undefined ? {} : { since: Math.floor(Date.parse(since) / 1000) };
  const options = { stdout: true, stderr: true, follow: false as const, tail: LINES, ...from };
  const [raw, info] = await Promise.all([ifThere(container.logs(options)), ifThere(container.inspect())]);
  if (raw === undefined) return '';
  const text = info?.Config.Tty ? raw : withoutFrames(raw);
  return lastBytes(cleanText(mask(text.toString('utf8'))), bytes);
}

/** Without a terminal, the two streams come in frames. */
function withoutFrames(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + HEAD_BYTES <= raw.length; ) {
    const end = at + HEAD_BYTES + raw.readUInt32BE(at + 4);
    parts.push(raw.subarray(at + HEAD_BYTES, end));
    at = end;
  }
  return Buffer.concat(parts);
}
