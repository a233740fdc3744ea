import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ConcurrentUpdateError,
  LocalWorkspace,
  PulumiCommand,
  type Stack,
} from '@pulumi/pulumi/automation/index.js';
import { readJson, remove } from './files.js';
import type { Job, Outputs } from './job.js';
import { areOursAndDead, type Holder, holdersIn, preparePrograms } from './operation.js';
import { programOf } from './templates.js';

/** Somebody else works on the stack, or did and left his lock. */
export class Locked extends Error {}

/** The stack of a job, made where there is none. */
export function openStack(job: Job): Promise<Stack> {
  return withoutStaleLocks(job, undefined, () => open(job));
}

async function open(job: Job): Promise<Stack> {
  const workDir = join(job.folder, 'project');
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  const program = await programOf(job);
  return LocalWorkspace.createOrSelectStack(
    { stackName: job.stack, projectName: job.project, program },
    {
      workDir,
      pulumiCommand: await PulumiCommand.get({ root: preparePrograms(job) }),
      secretsProvider: 'passphrase',
      projectSettings: { name: job.project, runtime: 'nodejs', backend: { url: job.backend } },
      envVars: {
        PULUMI_BACKEND_URL: job.backend,
        PULUMI_SKIP_UPDATE_CHECK: 'true',
      },
    },
  );
}

/**
 * Runs an operation; where only engines of ours that have died hold the stack, takes their locks away and runs it once
 * more.
 * @param stack undefined where it is not known to exist.
 * @throws Locked where anybody else holds it.
 */
export async function withoutStaleLocks<T>(
  job: Job,
  stack: Stack | undefined,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof ConcurrentUpdateError)) throw error;
    const holders = holdersIn(error.message);
    if (!areOursAndDead(job, holders)) throw new Locked(whoHolds(job, error.message));
    if (job.backend.startsWith('file://')) removeLocks(job, holders);
    else if (stack === undefined) throw new Locked(whoHolds(job, error.message));
    else await stack.cancel();
    return await operation();
  }
}

/** Those of these holders and no others, even of a stack that its engine died making. */
function removeLocks({ backend, project, stack }: Job, holders: readonly Holder[]): void {
  const folder = join(fileURLToPath(backend), '.pulumi/locks/organization', project, stack);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const lock = readJson<{ pid?: number; hostname?: string }>(join(folder, name));
    const isTheirs = holders.some(({ pid, host }) => pid === lock?.pid && host === lock.hostname);
    for (const file of isTheirs ? [name, `${name}.attrs`] : []) remove(join(folder, file));
  }
}

function whoHolds({ stack }: Job, message: string): string {
  const lines = message.split('\n').filter((line) => /created by /.test(line));
  return `the stack ${stack} is locked: ${lines.map((line) => line.trim()).join('; ') || 'nobody can say by whom'}`;
}

/** What of an operation that was cut off the engine does not know the end. */
export async function pendingOf(stack: Stack): Promise<string[]> {
  const { deployment } = await stack.exportStack();
  const pending = (deployment as { pending_operations?: unknown } | undefined)?.pending_operations;
  if (!Array.isArray(pending)) return [];
  return pending.map((one: { type?: string; resource?: { urn?: string } }) =>
    [one.type, one.resource?.urn].join(' '),
  );
}

/** @throws Error where the outputs of the template are not what a template has to give. */
export function outputsOf(values: Record<string, { value: unknown }>): Outputs {
  const { provider, settings, endpoint } = Object.fromEntries(
    Object.entries(values).map(([key, { value }]) => [key, value]),
  );
  if (typeof provider !== 'string') throw new Error('the template has no output `provider`, a text');
  if (typeof settings !== 'object' || settings === null) {
    throw new Error('the template has no output `settings`, a mapping');
  }
  const known = { provider, settings: settings as Outputs['settings'] };
  return typeof endpoint === 'object' && endpoint !== null ? { ...known, endpoint } : known;
}
