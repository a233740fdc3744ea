import { type Config, resolveReferences } from '../../../config/index.js';

/**
 * The resource whose instance, created later, would want an image of a cloud: its settings name it, or an argument of its
 * Pulumi template does, at whatever depth.
 * @param own what the settings of the place's own provider name.
 * @param isIt whether a text names the image.
 * @returns its name; undefined where there is none.
 */
export function wouldWant(
  config: Config,
  own: (definition: Config['resources'][string]) => unknown,
  isIt: (text: string) => boolean,
): string | undefined {
  const names = (value: unknown): boolean => {
    if (typeof value === 'string') return isIt(value) || isIt(resolved(value, config));
    if (typeof value !== 'object' || value === null) return false;
    return Object.values(value).some(names);
  };
  const found = Object.entries(config.resources).find(
    ([, definition]) => names(own(definition)) || names(definition.pulumi?.args),
  );
  return found?.[0];
}

/** A reference that leads nowhere keeps the template from being run, too. */
function resolved(text: string, { folder }: Config): string {
  if (!text.includes('${')) return text;
  try {
    return resolveReferences(text, { env: process.env, folder, key: 'pulumi.args' }).value;
  } catch {
    return text;
  }
}
