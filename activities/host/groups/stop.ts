import type { StopMode } from '../../../workflows/messages.js';
import type { BootRequest, ProviderContext } from '../../providers/contract.js';
import type { RunClaim } from './claims.js';
import type { Home } from './home.js';
import type { Host } from './host.js';
import { lifeOf } from './identity.js';
import { commonSettings } from './kind.js';

export interface StopOptions {
  then: StopMode;
  force: boolean;
}

/**
 * Ends what a generation started, and sees to it that nothing is started for it any more. What a younger
 * generation has taken over is left alone. Where this one never ran, an older one's end may have been begun and cut
 * off, by its own stop or by this generation's boot: nobody else comes to finish it. To delete is to end what older
 * generations left, whether it was begun or not.
 */
export async function stopGeneration(
  host: Host,
  request: BootRequest,
  options: StopOptions,
  context: ProviderContext,
): Promise<void> {
  const home = host.home(request.name);
  home.claims.prepare();
  const claim = home.claims.settle(request.generation);
  if (claim.kind === 'run') await stopClaimed(host, home, claim, request, options, context);
  const isDeleted = options.then === 'delete';
  if (claim.kind === 'sealed' || isDeleted) {
    const older = home.claims.settleOlder(request.generation);
    const isBegun = older !== undefined && home.claims.fate(older.generation) === 'stop';
    if (older && (isBegun || isDeleted)) await stopClaimed(host, home, older, request, options, context);
  }
  if (!isDeleted) return;
  const newest = home.claims.newestRun()?.generation ?? 0;
  if (newest <= request.generation) home.clear();
}

async function stopClaimed(
  host: Host,
  home: Home,
  claim: RunClaim,
  request: BootRequest,
  { then, force }: StopOptions,
  context: ProviderContext,
): Promise<void> {
  const { claims } = home;
  const { generation } = claim;
  const mayGoOn = lifeOf(claim.identity) !== 'gone' || claims.isMarkedSuspended(generation);
  if (then === 'suspend' && mayGoOn && claims.fate(generation) === undefined) {
    claims.markSuspended(generation);
    if (await host.kind.suspend(home, claim, context)) return;
  }
  if (claims.decideFate(generation, 'stop') !== 'stop') return;
  const { grace: graceMs } = commonSettings(request.definition, host.kind);
  await host.kind.end(home, claim, { graceMs, force }, context);
  host.kind.discard?.(home, claim);
  host.ports.release(claim.endpoint.port, request.name, generation);
}
