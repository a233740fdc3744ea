import { endGroup, suspendGroup } from '../../host/groups/ending.js';
import { lifeOf } from '../../host/groups/identity.js';
import type { Kind } from '../../host/groups/kind.js';
import { GroupProvider } from '../../host/groups/provider.js';
import type { HostServices } from '../../host/services.js';
import { prepareCommand } from './command.js';

/** Suspended in place, by SIGSTOP. */
const processKind: Kind = {
  name: 'process',
  prepare: prepareCommand,
  end: (home, claim, options, context) => endGroup(home.group(claim), options, context),
  async suspend(home, claim, context) {
    if (lifeOf(claim.identity) === 'gone') return false;
    const isOurs = () => typeof home.claims.fate(claim.generation) !== 'number';
    await suspendGroup(home.group(claim), isOurs, context);
    return true;
  },
};

/** Any command, as a process group of this host. */
export class ProcessProvider extends GroupProvider {
  constructor(services: HostServices) {
    super(services, processKind);
  }
}
