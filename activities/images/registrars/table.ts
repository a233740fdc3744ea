import type { Config } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';
import type { KnownSource } from '../sources.js';
import { CommandRegistrar } from './command.js';
import type { Registrar } from './contract.js';
import { DockerRegistrar } from './docker.js';
import { Ec2Registrar } from './ec2.js';
import { GceRegistrar } from './gce.js';

/**
 * Where an image is registered, beside this host's folder: an engine for containers, a place of images.register.
 * @throws ReveilleError IMAGE_REGISTER_FAILED for a place that the configuration does not have (any more).
 */
export function registrarsOf({ docker, source }: KnownSource, config: Config): Registrar[] {
  return [
    ...(docker === undefined ? [] : [new DockerRegistrar(docker.image, docker.engine)]),
    ...(source.register === undefined ? [] : [registrarNamed(source.register, config)]),
  ];
}

/** Who can take a registration back: by its place, as the store has it. */
export function registrarAt(place: string, config: Config): Registrar {
  const [, kind, rest = ''] = /^(command|docker|ec2|gce):(.*)$/.exec(place) ?? [];
  if (kind === 'command' || kind === 'ec2' || kind === 'gce') return registrarNamed(rest, config);
  const [, engine, image] = /^(default|(?:unix|tcp):\/\/[^ ]+) (.+)$/.exec(rest) ?? [];
  if (kind === 'docker' && image !== undefined)
    return new DockerRegistrar(image, engine === 'default' ? undefined : engine);
  throw new ReveilleError('IMAGE_REGISTER_FAILED', `nobody knows the place ${place}`);
}

function registrarNamed(name: string, config: Config): Registrar {
  const settings = Object.hasOwn(config.images.register, name) ? config.images.register[name] : undefined;
  if (settings !== undefined && 'ec2' in settings) return new Ec2Registrar(name, settings.ec2, config);
  if (settings !== undefined && 'gce' in settings) return new GceRegistrar(name, settings.gce, config);
  if (settings !== undefined) return new CommandRegistrar(name, settings, config);
  throw new ReveilleError('IMAGE_REGISTER_FAILED', `there is no place ${name} in images.register`);
}
