import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../config/index.js';
import { engine, needs } from '../kit/engines.js';
import { root } from '../kit/scripts.js';

const FOLDER = join(root, 'infra/deploy/compose');
const SECRETS = { REVEILLE_SECRET: 'a', REVEILLE_TOKEN: 'b', POSTGRES_PASSWORD: 'c' };

interface Service {
  command?: string[];
  ports?: (string | { published: number | string; host_ip?: string })[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { disable?: boolean; test?: string[] };
}

function compose(env: NodeJS.ProcessEnv): Record<string, Service> {
  const file = join(FOLDER, 'compose.yaml');
  const text = execFileSync(engine('docker-compose'), ['-f', file, 'config'], {
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return (parse(text) as { services: Record<string, Service> }).services;
}

const ports = (services: Record<string, Service>) =>
  Object.values(services).flatMap((one) =>
    (one.ports ?? []).map((port) => (typeof port === 'string' ? port : `${port.host_ip}:${port.published}`)),
  );

test('the compose file is right, and has two proxies and two workers', needs('docker-compose'), () => {
  const services = compose(SECRETS);
  const parts = Object.values(services).flatMap(({ command }) =>
    command?.includes('--config') ? [command[0]] : [],
  );
  assert.deepEqual(parts.sort(), ['control', 'proxy', 'proxy', 'worker', 'worker']);
  for (const name of ['postgresql', 'temporal', 'temporal-ui']) assert.ok(services[name], name);
  assert.equal(services.temporal?.depends_on?.postgresql?.condition, 'service_healthy');
});

test('of the parts, the control address alone is asked whether it is well', needs('docker-compose'), () => {
  const { control, ...others } = compose(SECRETS);
  assert.deepEqual(control?.healthcheck?.test?.slice(0, 3), ['CMD', 'reveille', 'status']);
  for (const [name, { command, healthcheck }] of Object.entries(others))
    if (command?.includes('--config')) assert.ok(isOff(healthcheck), name);
});

/** As different versions of Compose print it. */
const isOff = (health: Service['healthcheck']): boolean =>
  health?.disable === true || health?.test?.[0] === 'NONE';

test('its ports are open on loopback, and elsewhere only where that is said', needs('docker-compose'), () => {
  for (const port of ports(compose(SECRETS))) assert.match(port, /^127\.0\.0\.1:/);
  for (const port of ports(compose({ ...SECRETS, REVEILLE_BIND: '192.0.2.1' })))
    assert.match(port, /^192\.0\.2\.1:/);
});

test('it does not start without a secret of its own', needs('docker-compose'), () => {
  for (const name of Object.keys(SECRETS)) {
    const env = Object.fromEntries(Object.entries(SECRETS).filter(([one]) => one !== name));
    assert.throws(() => compose(env), new RegExp(name));
  }
});

test('its reveille.yaml is right, and what it refers to is in the environment of each part', () => {
  const config = loadConfig(join(FOLDER, 'reveille.yaml'));
  assert.deepEqual('address' in config.temporal && config.temporal.address, 'temporal:7233');
  assert.equal(config.secret, '${env:REVEILLE_SECRET}');
  assert.equal(config.control.token, '${env:REVEILLE_TOKEN}');
  assert.equal(config.proxy.control, '0.0.0.0:7400', 'reached by workers in other containers');
});
