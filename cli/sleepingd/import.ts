import { readFileSync, writeFileSync } from 'node:fs';
import { parseConfig } from '../../config/index.js';
import { ReveilleError } from '../../errors/index.js';
import type { CommandResult } from '../check.js';
import { convert, yamlOf } from './convert.js';
import { findConf } from './find.js';

/** What is said of a sleepingd.conf. @throws ReveilleError CONFIG_NOT_FOUND where it cannot be read. */
export function readSleepingd(file: string | undefined) {
  const path = findConf(file);
  try {
    return { path, ...convert(readFileSync(path, 'utf8')) };
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new ReveilleError('CONFIG_NOT_FOUND', `${path} cannot be read${why}`, { cause });
  }
}

/**
 * `reveille import`: writes a reveille.yaml that does what a sleepingd.conf says.
 * @param options.output a file that must not exist; default: standard output.
 * @throws ReveilleError CONFIG_NOT_FOUND, FILE_EXISTS, CONFIG_INVALID where what it says cannot be had.
 */
export function importSleepingd(
  file: string | undefined,
  { output, json = false }: { output?: string | undefined; json?: boolean },
): CommandResult {
  const read = readSleepingd(file);
  const yaml = yamlOf(read, read.path);
  parseConfig(yaml, output ?? 'reveille.yaml');
  if (output !== undefined) writeNew(output, yaml);
  const stderr = read.skipped.map((line) => `skipped ${line}\n`).join('');
  if (json) {
    const { services, skipped } = read;
    const where = output === undefined ? { yaml } : { output };
    return {
      exitCode: 0,
      stdout: `${JSON.stringify({ source: read.path, services, skipped, ...where })}\n`,
      stderr,
    };
  }
  return { exitCode: 0, stdout: output === undefined ? yaml : '', stderr };
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    if (exists) throw new ReveilleError('FILE_EXISTS', `${file} exists already`, { cause });
    throw cause;
  }
}
