import { findTemporal } from '#scripts/setup/temporal.mjs';
import type { Config } from '../../config/index.js';
import { connectTemporal, type TemporalConnection, temporalAddress } from '../../temporal/index.js';
import { findSearchAttributes } from '../../worker/cluster.js';
import { searchAttributes } from '../../workflows/messages.js';
import { embeddedTemporal } from '../up/port-uses.js';
import { clockSkewMs } from './clock.js';
import { type Finding, findingsOf, saying } from './finding.js';

/** More would show in deadlines of pins and in times awake. */
const SKEW_MS = 2000;
/** The gRPC status NOT_FOUND. */
const NOT_FOUND = '5';

const temporal = findingsOf('temporal');

/** Whether Temporal can be had, answers, and has what is needed. @param up the `reveille up` that runs. */
export async function checkTemporal(config: Config, up: number | undefined): Promise<Finding[]> {
  const own = embeddedTemporal(config) !== undefined;
  const program = own ? [await findProgram()] : [];
  if (own && up === undefined)
    return [...program, temporal.skipped('the embedded server does not run: `reveille up` starts it')];
  const connection = connectTemporal(config);
  try {
    return [...program, ...(await ask(connection, temporalAddress(config).address, own))];
  } finally {
    await connection.close();
  }
}

async function findProgram(): Promise<Finding> {
  try {
    const found = await findTemporal();
    if (found !== undefined) return temporal.ok(`${found} runs`);
    const remedy =
      'The first `reveille up` downloads it, or builds it with Go; without either, install the Temporal CLI.';
    return temporal.warning('its program is not there yet', remedy);
  } catch (error) {
    return temporal.wrong(saying(error), 'Set REVEILLE_TEMPORAL to one of this platform, or unset it.');
  }
}

async function ask(connection: TemporalConnection, address: string, own: boolean): Promise<Finding[]> {
  const { client, namespace } = connection;
  let version: string;
  try {
    version = (await client.workflowService.getSystemInfo({})).serverVersion ?? 'unknown';
  } catch (error) {
    const remedy = own
      ? 'See temporal.log in logs/ of the state folder.'
      : 'Start it, or correct temporal.address, temporal.tls and temporal.apiKey.';
    return [temporal.wrong(`no answer from ${address}: ${saying(error)}`, remedy)];
  }
  const answers = temporal.ok(`${address} answers, version ${version}`);
  try {
    await client.workflowService.describeNamespace({ namespace });
  } catch (error) {
    const absent = error instanceof Error && 'code' in error && String(error.code) === NOT_FOUND;
    const what = absent ? 'does not exist' : `cannot be read: ${saying(error)}`;
    const remedy = `Make it (temporal operator namespace create --namespace ${namespace}), or correct temporal.namespace.`;
    return [answers, temporal.wrong(`the namespace ${namespace} ${what}`, remedy)];
  }
  return [answers, ...(await Promise.all([attributes(connection), clock(connection)]))];
}

async function attributes(connection: TemporalConnection): Promise<Finding> {
  const names = Object.values(searchAttributes);
  try {
    const found = await findSearchAttributes(connection);
    if (found === 'registered') return temporal.ok('the search attributes are registered');
    if (found === 'untold') {
      const remedy = 'Let the account of Reveille list them, then restart the workers.';
      return temporal.warning('search attributes may not be listed, so its lists show no phases', remedy);
    }
  } catch (error) {
    const remedy = 'Run this again when Temporal answers: workers wait until it tells them.';
    return temporal.wrong(`search attributes cannot be listed: ${saying(error)}`, remedy);
  }
  const each = names.map((name) => `--name ${name} --type Keyword`).join(' ');
  return temporal.warning(
    'search attributes are missing, so its lists show no phases',
    `Register them, then restart the workers: temporal operator search-attribute create --namespace ${connection.namespace} ${each}`,
  );
}

async function clock(connection: TemporalConnection): Promise<Finding> {
  const { ok, warning, wrong } = findingsOf('clock');
  try {
    const skewMs = await clockSkewMs(connection);
    if (Math.abs(skewMs) < SKEW_MS) return ok('as that of the Temporal server');
    const text = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'behind' : 'ahead of'} that of the Temporal server`;
    return wrong(text, 'Have both set by NTP (timedatectl set-ntp true).');
  } catch (error) {
    return warning(`it cannot be compared with the server's: ${saying(error)}`, 'Compare them by hand.');
  }
}
