import { homedir } from 'node:os';
import { defaultConfigFile, loadConfig } from '../../config/index.js';

/**
 * The names of resources and pools in a configuration; none where it cannot be read, since nobody wants an error in
 * the middle of a line that they write.
 * @param file as it stands on the line, where no shell has replaced `~` yet; undefined: the reveille.yaml here.
 */
export function configuredNames(file: string | undefined): string[] {
  try {
    const { resources, pools } = loadConfig(
      file?.replace(/^~(?=\/)/, homedir()) ?? defaultConfigFile(process.cwd()),
    );
    return [...Object.keys(resources), ...Object.keys(pools)];
  } catch {
    return [];
  }
}
