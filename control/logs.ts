import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import type { ResourceDefinition } from '../config/index.js';
import { type Config, createMasker, secretsOf, stateDir } from '../config/index.js';
import { LogFile } from './log-file.js';

const FOLLOW_MS = 250;

/**
 * Sends the end of a resource's log as text, and with `follow` what is added until the caller goes away.
 * Only what `gone` has not aborted is written; a slow reader slows the reading, nothing piles up.
 */
export async function sendLog(
  res: Response,
  log: LogFile,
  { lines, follow, gone }: { lines: number; follow: boolean; gone: AbortSignal },
): Promise<void> {
  const tail = await log.tail(lines);
  if (!follow) tail.push(...log.unfinished());
  res.type('text/plain; charset=utf-8');
  if (!follow) {
    res.send(asText(lines === 0 ? [] : tail.slice(-lines)));
    return;
  }
  res.flushHeaders();
  await ignoringAbort(gone, async () => {
    for (let batch = tail; ; batch = await log.more()) {
      if (batch.length === 0) await sleep(FOLLOW_MS, undefined, { signal: gone });
      else if (!res.write(asText(batch))) await once(res, 'drain', { signal: gone });
      gone.throwIfAborted();
    }
  });
}

/** The log of a resource whose instances live on this host, masked of its secrets. */
export function logOf(config: Config, name: string, definition: ResourceDefinition): LogFile {
  return new LogFile(
    join(stateDir(config), 'process', name, 'log'),
    createMasker(secretsOf(definition, { env: process.env, folder: config.folder })),
  );
}

function asText(lines: string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

async function ignoringAbort(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
