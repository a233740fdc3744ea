import { canonical, revisionOf } from './revision.js';
import type { Config } from './schema.js';

/** What a changed file changes. */
export interface ConfigDiff {
  /** Names of resources, sorted. */
  added: string[];
  removed: string[];
  changed: string[];
  /** Dotted keys that only a restart of `reveille up` brings into force. */
  restart: string[];
}

/** Settings that are read once, at start. */
const READ_AT_START = {
  'proxy.listen': (config: Config) => config.proxy.listen,
  'proxy.control': (config: Config) => config.proxy.control,
  'control.listen': (config: Config) => config.control.listen,
  temporal: (config: Config) => config.temporal,
  worker: ({ worker: { pulumi: _, ...worker } }: Config) => worker,
  'images.directory': (config: Config) => config.images.directory,
  'images.parallel': (config: Config) => config.images.parallel,
  state: (config: Config) => config.state,
  secret: (config: Config) => config.secret,
};

/** Compares as written in the file, references unresolved. */
export function diffConfigs(before: Config, after: Config): ConfigDiff {
  const names = (config: Config) => Object.keys(config.resources).sort();
  return {
    added: names(after).filter((name) => !Object.hasOwn(before.resources, name)),
    removed: names(before).filter((name) => !Object.hasOwn(after.resources, name)),
    changed: names(after).filter((name) => {
      const [old, now] = [before.resources[name], after.resources[name]];
      return old !== undefined && now !== undefined && revisionOf(old) !== revisionOf(now);
    }),
    restart: Object.entries(READ_AT_START)
      .filter(([, read]) => canonical(read(before)) !== canonical(read(after)))
      .map(([key]) => key),
  };
}
