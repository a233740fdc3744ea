import { type Config, paramsEnvironment, settingsOf } from '../../../config/index.js';
import { type PreparedCommand, prepareProgram } from '../../host/program.js';
import { imagesEnvironment } from '../../images/handed.js';
import type { BootRequest } from '../contract.js';

/**
 * The command of a resource, told its port and its name.
 * @throws ReveilleError BOOT_FAILED naming what is missing (command, folder, user), REFERENCE_UNRESOLVED.
 */
export function prepareCommand(
  { name, generation, definition, params, images }: BootRequest,
  port: number,
  config: Config,
): Promise<PreparedCommand> {
  const { user, ...settings } = settingsOf(definition, 'process');
  const program = { ...settings, user, key: `resources.${name}.process` };
  const labels = {
    ...paramsEnvironment(params),
    ...imagesEnvironment(images),
    PORT: String(port),
    REVEILLE_RESOURCE: name,
    REVEILLE_GENERATION: String(generation),
  };
  return prepareProgram(program, labels, config);
}
