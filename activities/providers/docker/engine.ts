import Docker from 'dockerode';
import { type ErrorCode, isReveilleError, ReveilleError } from '../../../errors/index.js';

const engines = new Map<string, Docker>();

/** A client of the engine at that address (unix:///PATH or tcp://HOST:PORT), or where docker(1) would look. */
export function engineAt(address: string | undefined): Docker {
  const key = address ?? '';
  const known = engines.get(key);
  if (known !== undefined) return known;
  const made = new Docker(address === undefined ? undefined : optionsOf(address));
  engines.set(key, made);
  return made;
}

function optionsOf(address: string): Docker.DockerOptions {
  if (address.startsWith('unix://')) return { socketPath: address.slice('unix://'.length) };
  const { hostname, port } = new URL(address);
  return { host: hostname, port: Number(port), protocol: 'http' };
}

/** The engine's answer to a request that it did not do, as HTTP's status; undefined where it did not answer. */
export function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/**
 * Asks the engine for something that may be done already, or whose object may be gone.
 * @returns false where the engine answered with one of these statuses instead.
 */
export async function tried(work: Promise<unknown>, ...statuses: number[]): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return false;
    throw error;
  }
}

/** As `tried`, for something to read. @returns undefined where there is none. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/**
 * Gives what the engine refuses, and an engine that does not answer, a name of the catalogue.
 * @param mask replaces secrets: the engine's words may hold those of a command, and go into histories.
 */
export async function named<T>(
  code: ErrorCode,
  work: Promise<T>,
  mask: (text: string) => string = (text) => text,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isReveilleError(error) || !(error instanceof Error)) throw error;
    if (statusOf(error) !== undefined) throw new ReveilleError(code, mask(inWords(error)));
    if (!('code' in error)) throw error;
    const message = `the Docker engine does not answer (${String(error.code)}): is it running, and may the worker use it?`;
    throw new ReveilleError(code, message, { cause: error });
  }
}

/** What the engine said, without the library's words around it. */
function inWords(error: Error): string {
  const body = 'json' in error ? error.json : undefined;
  const said = typeof body === 'object' && body !== null && 'message' in body ? body.message : undefined;
  return `the Docker engine refused: ${typeof said === 'string' ? said : error.message}`;
}
