import { setTimeout as delay } from 'node:timers/promises';
import { type Config, ConfigError, formatIssue, loadConfig, stateDir } from '../../config/index.js';
import { type CommandResult, warningsOf } from '../check.js';
import { runningUp } from '../up/state.js';
import { type Finding, findingsOf, saying } from './finding.js';
import { checkFolders } from './folders.js';
import { checkPorts } from './ports.js';
import { checkProviders } from './providers.js';
import { checkTemporal } from './temporal.js';

/** One check takes no longer, whatever hangs. */
const CHECK_MS = 30_000;

/**
 * `reveille doctor`: what would keep Reveille from working here. Changes nothing.
 * @param file absolute path of the configuration.
 * @param json `{ ok, checks: Finding[] }` instead of lines.
 * @returns exit code 1 where anything is wrong.
 */
export async function doctor(file: string, json: boolean): Promise<CommandResult> {
  const findings = await examine(file);
  const exitCode = findings.some(({ result }) => result === 'wrong') ? 1 : 0;
  const stdout = json
    ? `${JSON.stringify({ ok: exitCode === 0, checks: findings })}\n`
    : findings.map(lineOf).join('') + summary(findings);
  return { exitCode, stdout, stderr: '' };
}

async function examine(file: string): Promise<Finding[]> {
  const configuration = findingsOf('configuration');
  let config: Config;
  try {
    config = loadConfig(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.issues.length > 0 ? error.issues.map(formatIssue) : [error.message];
    return lines.map((line) => configuration.wrong(line.replaceAll('\n', ' '), error.remedy));
  }
  const up = runningUp(stateDir(config));
  const read = [
    configuration.ok(`${file} is valid${up === undefined ? '' : `; \`reveille up\` runs, process ${up}`}`),
    ...warningsOf(config).map((warning) =>
      configuration.warning(warning, 'Set it where Reveille runs, unless it is set there already.'),
    ),
  ];
  const rest = await Promise.all([
    bounded('temporal', checkTemporal(config, up)),
    bounded('provider', checkProviders(config)),
    bounded('port', checkPorts(config, up)),
    bounded('folder', checkFolders(config)),
  ]);
  return [...read, ...rest.flat()];
}

/** A check that hangs or fails is a finding too. */
async function bounded(check: string, work: Promise<Finding[]>): Promise<Finding[]> {
  const { wrong } = findingsOf(check);
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      delay(CHECK_MS, undefined, { signal: late.signal }).then(() => [
        wrong(`it is not done after ${CHECK_MS / 1000} s`, 'See what it waits for, and try again.'),
      ]),
    ]);
  } catch (error) {
    return [wrong(saying(error), 'This check itself failed: tell its authors, with this line.')];
  } finally {
    late.abort();
  }
}

function lineOf({ check, result, message, remedy }: Finding): string {
  const advice = remedy === undefined ? '' : `${/[.!?]$/.test(message) ? '' : '.'} ${remedy}`;
  return `${result.padEnd(7)}  ${check.padEnd(13)}  ${message}${advice}\n`;
}

function summary(findings: readonly Finding[]): string {
  const count = (wanted: Finding['result']) => findings.filter(({ result }) => result === wanted).length;
  const [wrong, warnings] = [count('wrong'), count('warning')];
  const told = warnings === 0 ? '' : `, ${warnings} warning${warnings === 1 ? '' : 's'}`;
  return `${wrong === 0 ? 'nothing is wrong' : `${wrong} wrong`}${told}\n`;
}
