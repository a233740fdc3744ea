import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDiscovered, parseConfig } from '../../config/index.js';
import { issuesOf } from '../kit/config-text.js';

const docker = (settings: string, rest = '') =>
  `resources:\n  web:\n    provider: docker\n    docker: { ${settings} }\n${rest && `    ${rest}\n`}`;

const cases: [name: string, text: string, message: RegExp][] = [
  [
    'names a container',
    docker('port: 80'),
    /resources\.web\.docker: says of no container; expected one of image/,
  ],
  [
    'names one kind of container',
    docker('image: a, container: b, port: 80'),
    /resources\.web\.docker\.container: container and image exclude each other/,
  ],
  [
    'says nothing of how an existing container is made',
    docker('container: b, port: 80, memory: 1GB'),
    /resources\.web\.docker\.memory: goes with image, not with container/,
  ],
  [
    'has a service with its project',
    docker('compose: p, port: 80'),
    /resources\.web\.docker\.compose: service is missing/,
  ],
  ['has a port', docker('image: a'), /resources\.web\.docker: port is missing/],
  [
    "has no address of its own in the host's network",
    docker('image: a, network: host, reach: address', 'lease: { stretch: 0 }'),
    /resources\.web\.docker\.reach: with network: host it has no address/,
  ],
  [
    'may not be reached longer than its address is its own',
    docker('image: a, port: 80, reach: address'),
    /resources\.web\.docker\.reach: the engine may give the address/,
  ],
  [
    'has mounts of two parts',
    docker('image: a, port: 80, mounts: [data]'),
    /mounts\[0\]: "data" is not a mount/,
  ],
];
for (const [name, text, message] of cases) {
  test(`a resource of the provider docker ${name}`, () => assert.match(issuesOf(text).join('\n'), message));
}

test('in the network of the host, a container needs no port', () => {
  assert.deepEqual(issuesOf(docker('image: a, network: host')), []);
});

test('what is wrong with a discovered resource takes out that one, and says why', () => {
  const config = parseConfig(docker('image: a, port: 80', 'routes: [{ path: /web }]'), 'r.yaml');
  const found = (container: string, path: string, more: object = {}) => ({
    provider: 'docker',
    docker: { container, port: 80 },
    routes: [{ path }],
    ...more,
  });
  const refused: string[] = [];
  const all = addDiscovered(
    config,
    {
      good: found('good', '/good'),
      web: found('same-name', '/other'),
      clash: found('clash', '/web'),
      ill: found('ill', '/ill', { idle: { after: 'soon' } }),
      'Not a name': found('named', '/named'),
    },
    (name, why) => refused.push(`${name}: ${why}`),
  );
  assert.deepEqual(Object.keys(all.resources), ['web', 'good']);
  assert.deepEqual(refused, [
    'web: there is a resource of this name already',
    'clash: resources.clash.routes.0: the route /web already leads to web',
    'ill: idle.after: expected 500ms, 20s, 15m or 1h30m',
    'Not a name: its name cannot be that of a resource: set reveille.name',
  ]);
});
