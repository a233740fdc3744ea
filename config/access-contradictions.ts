/** Access rules that nobody could satisfy, and identities that say nothing. */
import type { AccessDefinition } from './access-schema.js';
import type { Contradiction } from './contradictions.js';
import type { LooseConfigFile } from './schema.js';
import type { Path } from './yaml-source.js';

export function accessContradictions(config: LooseConfigFile): Contradiction[] {
  const resources = Object.entries(config.resources).flatMap(([name, { access, wake }]) => [
    ...ruleContradictions(config, ['resources', name, 'access'], access),
    ...ruleContradictions(config, ['resources', name, 'wake', 'by'], wake.by),
  ]);
  return [...emptyIdentity(config), ...claimedRoute(config), ...resources, ...controlAccess(config)];
}

/** There an address alone is nobody: a page of elsewhere would call with it, too. */
function controlAccess(config: LooseConfigFile): Contradiction[] {
  const { access } = config.control;
  if (access === undefined) return [];
  const path: Path = ['control', 'access'];
  if (access.see === undefined && access.act === undefined) {
    return [{ paths: [path], message: 'it lets nobody in', expected: 'see or act in it, or no such line' }];
  }
  const { identity } = config.proxy;
  if (identity !== undefined && identity.jwt === undefined && identity.headers === undefined) {
    return [
      {
        paths: [path, ['proxy', 'identity']],
        message: 'groups in a URL are not believed at the control address',
        expected: 'proxy.identity with jwt or headers',
      },
    ];
  }
  return [
    ...whoOf([...path, 'see'], access.see),
    ...ruleContradictions(config, [...path, 'see'], access.see),
    ...whoOf([...path, 'act'], access.act),
    ...ruleContradictions(config, [...path, 'act'], access.act),
  ];
}

function whoOf(path: Path, access: AccessDefinition | undefined): Contradiction[] {
  const rules = access === undefined || access === 'signed-in' ? [] : [access].flat();
  if (rules.every(({ users, groups, addresses }) => (users ?? groups) || !addresses)) return [];
  return [
    {
      paths: [path],
      message: 'a rule asks for an address only',
      expected: 'users or groups in each rule',
    },
  ];
}

function emptyIdentity({ proxy: { identity } }: LooseConfigFile): Contradiction[] {
  if (identity === undefined || identity.jwt || identity.headers || identity.claimedGroups) return [];
  return [
    {
      paths: [['proxy', 'identity']],
      message: 'nothing says how visitors are known',
      expected: 'jwt, headers or claimedGroups in it, or no such line',
    },
  ];
}

/** The way of claimed groups would hide, or be hidden by, what is below it. */
function claimedRoute({ proxy: { identity }, resources }: LooseConfigFile): Contradiction[] {
  const claimed = identity?.claimedGroups?.path.replace(/\/+$/, '');
  if (claimed === undefined) return [];
  const path: Path = ['proxy', 'identity', 'claimedGroups', 'path'];
  const within = (inner: string) => `${inner.replace(/\/+$/, '')}/`.startsWith(`${claimed}/`);
  return Object.entries(resources).flatMap(([name, { routes }]) =>
    routes.flatMap((route, index) =>
      'path' in route && within(route.path)
        ? [
            {
              paths: [path, ['resources', name, 'routes', index]] as [Path, Path],
              message: `the route ${route.path} of ${name} lies below it`,
              expected: 'a path that no route is below',
            },
          ]
        : [],
    ),
  );
}

function ruleContradictions(
  { proxy }: LooseConfigFile,
  path: Path,
  access: AccessDefinition | undefined,
): Contradiction[] {
  if (access === undefined) return [];
  const rules = access === 'signed-in' ? [] : [access].flat();
  if (rules.some(({ users, groups, addresses }) => !users && !groups && !addresses)) {
    return [
      {
        paths: [path],
        message: 'a rule asks for nothing',
        expected: 'users, groups or addresses in each rule, or signed-in',
      },
    ];
  }
  const asksWho = access === 'signed-in' || rules.some(({ users, groups }) => users ?? groups);
  if (!asksWho || proxy.identity !== undefined) return [];
  return [
    {
      paths: [path, ['proxy', 'identity']],
      message: 'proxy.identity is missing, so nobody has a name or a group',
      expected: 'proxy.identity with jwt or headers, or a rule of addresses only',
    },
  ];
}
