import { readFileSync } from 'node:fs';
import { addressText, type Config, tcpDoors } from '../../config/index.js';
import { portsOf, proxyUse } from '../up/port-uses.js';
import { bindError, holderOf, type PortUse, portProblem } from '../up/ports.js';
import { type Finding, findingsOf } from './finding.js';

const REMEDY = 'End the program that has it, or change the setting.';

/**
 * Whether each address that Reveille listens on is free, or held by the Reveille that this configuration is of.
 * @param up the process of its `reveille up`, where one runs.
 */
export async function checkPorts(config: Config, up: number | undefined): Promise<Finding[]> {
  const doors = tcpDoors(config).map(
    ({ host, port, path }): PortUse => ({ host, port, what: 'a TCP route', key: path.join('.') }),
  );
  const uses = [proxyUse(config), ...portsOf(config), ...doors].filter(({ port }) => port !== 0);
  return Promise.all(uses.map((use) => lookAt(use, up)));
}

async function lookAt(use: PortUse, up: number | undefined): Promise<Finding> {
  const { ok, wrong } = findingsOf('port');
  const place = `${addressText(use)} (${use.what}, ${use.key})`;
  const code = await bindError(use);
  if (code === undefined) {
    if (up === undefined) return ok(`${place} is free`);
    const remedy = 'See the logs in the state folder; a changed setting takes a new start.';
    return wrong(`${place}: nothing listens there, though \`reveille up\` runs`, remedy);
  }
  if (code !== 'EADDRINUSE') return wrong(portProblem(use, code), 'Change the setting.');
  const holder = holderOf(use.port);
  if (holder === undefined) {
    if (up === undefined) return wrong(portProblem(use, code), REMEDY);
    return ok(`${place} is in use, as it should be; by whom, this user cannot see`);
  }
  const ours = isBelow(holder.pid, up) || /^reveille (proxy|control)\b/.test(holder.command);
  return ours ? ok(`${place} is ours`) : wrong(portProblem(use, code), REMEDY);
}

/** Whether a process is another one, or came from it. */
function isBelow(pid: number, ancestor: number | undefined): boolean {
  if (ancestor === undefined || pid <= 1) return false;
  return pid === ancestor || isBelow(parentOf(pid), ancestor);
}

/** proc(5): in stat the parent is the second field after the name, which may hold anything. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
