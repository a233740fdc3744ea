import { type Program, prepareProgram } from '../../activities/host/program.js';
import { findTools } from '../../activities/providers/pulumi/tools.js';
import { type Config, type ResourceDefinition, resolveReferences } from '../../config/index.js';
import { codeOf, type Finding, findingsOf, saying } from './finding.js';
import type { Look } from './providers.js';

const CALL_MS = 10_000;

/** Whether the commands of `process` and `command`, their folders and users are there. */
export const lookAtPrograms: Look = async (resources, config) => {
  const found = await Promise.all(
    resources.flatMap(([name, definition]) =>
      programsOf(name, definition).map((program) => lookAtProgram(name, definition, program, config)),
    ),
  );
  const problems = found.filter((one) => one !== undefined);
  const { ok } = findingsOf(resources[0]?.[1].provider ?? '');
  if (problems.length > 0) return problems;
  return [
    ok(`what ${resources.map(([name]) => name).join(', ')} run${resources.length > 1 ? '' : 's'} is there`),
  ];
};

async function lookAtProgram(
  name: string,
  { provider }: ResourceDefinition,
  program: Program,
  config: Config,
): Promise<Finding | undefined> {
  try {
    await prepareProgram(program, {}, config);
    return undefined;
  } catch (error) {
    // The check of the configuration has named it, with what to do.
    if (codeOf(error) === 'REFERENCE_UNRESOLVED')
      return findingsOf(provider).skipped(`${name}: not looked at, for a reference cannot be resolved here`);
    const remedy = `Install it where Reveille runs, or correct ${program.key}.`;
    return findingsOf(provider).wrong(`${name}: ${saying(error)}`, remedy);
  }
}

function programsOf(name: string, { process: one, command: several }: ResourceDefinition): Program[] {
  if (one !== undefined) return [{ ...one, user: one.user, key: `resources.${name}.process` }];
  if (several === undefined) return [];
  const { check, start, stop, env, cwd, user } = several;
  return [check, start, stop].flatMap((step): Program[] => {
    if (step === undefined) return [];
    const own = Array.isArray(step) ? { run: step, env: {}, user: undefined } : step;
    const key = `resources.${name}.command`;
    return [{ command: own.run, env: { ...env, ...own.env }, cwd, user: own.user ?? user, key }];
  });
}

/** Whether each service answers at all: any status says that it does. */
export const lookAtHttp: Look = async (resources, { folder }) => {
  const urls = new Map(
    resources.flatMap(([name, { http }]) => (http === undefined ? [] : [[http.url, name]])),
  );
  return Promise.all([...urls].map(([url, name]) => lookAtService(url, name, folder)));
};

async function lookAtService(url: string, name: string, folder: string): Promise<Finding> {
  const { ok, wrong } = findingsOf('http');
  let origin = 'its service';
  try {
    const { value } = resolveReferences(url, {
      env: process.env,
      folder,
      key: `resources.${name}.http.url`,
    });
    origin = new URL(value).origin;
    await fetch(value, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(CALL_MS) });
    return ok(`${origin} answers`);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    const remedy = `Start it, or correct resources.${name}.http.url.`;
    return wrong(`${name}: no answer from ${origin}: ${saying(cause)}`, remedy);
  }
}

/** Whether Pulumi and the packages of infra/ are there. */
export const lookAtPulumi: Look = async (resources) => {
  const { ok, warning } = findingsOf('pulumi');
  const templates = new Set(resources.flatMap(([, { pulumi }]) => pulumi?.template ?? []));
  const found = await Promise.all(
    [...templates].map((template) =>
      findTools(template).then(
        () => ok(`what the template ${template} needs is there`),
        (error) => warning(saying(error), '`reveille up` gets it, or says why it cannot.'),
      ),
    ),
  );
  return found;
};
