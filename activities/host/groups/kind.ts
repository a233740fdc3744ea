import type { Config, SettingsOf } from '../../../config/index.js';
import { settingsOf } from '../../../config/index.js';
import type { BootRequest, ProviderContext } from '../../providers/contract.js';
import type { PreparedCommand } from '../program.js';
import type { RunClaim } from './claims.js';
import type { EndOptions } from './ending.js';
import type { Home } from './home.js';

/** What differs between the providers whose instances are process groups of this host. */
export interface Kind {
  /** Its settings' key, and its folder in the state. */
  readonly name: 'process' | 'qemu';
  /** What becomes the process of a generation. May run several times for one, and be cut off anywhere. */
  prepare(
    request: BootRequest,
    port: number,
    config: Config,
    home: Home,
    context: ProviderContext,
  ): Promise<PreparedCommand>;
  /** Ends when nothing of the claimed group lives. */
  end(home: Home, claim: RunClaim, options: EndOptions, context: ProviderContext): Promise<void>;
  /** @returns whether it is suspended; false where nothing is left that could be. */
  suspend(home: Home, claim: RunClaim, context: ProviderContext): Promise<boolean>;
  /** Sets going what a boot has found or started, where that does not go by itself. */
  resume?(home: Home, claim: RunClaim, context: ProviderContext): Promise<void>;
  /** Forgets what a suspended generation would go on with. */
  discard?(home: Home, claim: RunClaim): void;
}

/** What the settings of each kind have in common. */
export const commonSettings = (
  definition: BootRequest['definition'],
  { name }: Kind,
): Pick<SettingsOf<Kind['name']>, 'grace' | 'logSize'> => settingsOf(definition, name);
