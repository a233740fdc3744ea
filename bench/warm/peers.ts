/** What the warm path is compared with: each a plain reverse proxy to one origin, in its own words. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCaddy, findPackage } from '#scripts/bench-peers.mjs';
import { findEngine } from '#scripts/engines.mjs';
import { proxyCommand } from './nginx.js';

export interface Peer {
  readonly name: string;
  /** The command that listens on `port` and forwards to `originPort`; undefined where it is not installed. */
  command(folder: string, port: number, originPort: number): string[] | undefined;
}

const nginx: Peer = {
  name: 'nginx',
  command: (folder, port, originPort) =>
    findEngine('nginx') === undefined ? undefined : proxyCommand(folder, port, originPort),
};

const haproxy: Peer = {
  name: 'haproxy',
  command(folder, port, originPort) {
    const program = findEngine('haproxy');
    if (program === undefined) return undefined;
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  option forwardfor
  http-reuse always
frontend in
  bind 127.0.0.1:${port} backlog 4096
  default_backend origin
backend origin
  http-request set-header X-Forwarded-Proto http
  server one 127.0.0.1:${originPort}
`,
    );
    return [program, '-db', '-f', file];
  },
};

const caddy: Peer = {
  name: 'caddy',
  command(folder, port, originPort) {
    const program = findCaddy();
    if (program === undefined) return undefined;
    const file = join(folder, 'Caddyfile');
    writeFileSync(
      file,
      `{
  admin off
  persist_config off
  auto_https off
  log {
    level ERROR
  }
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${originPort} {
    transport http {
      keepalive 1h
      keepalive_idle_conns_per_host 512
    }
  }
}
`,
    );
    return [program, 'run', '--adapter', 'caddyfile', '--config', file];
  },
};

const configurableHttpProxy: Peer = {
  name: 'configurable-http-proxy',
  command(folder, port, originPort) {
    const home = findPackage('configurable-http-proxy');
    if (home === undefined) return undefined;
    const program = join(home, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy');
    const args = ['--ip', '127.0.0.1', '--port', String(port), '--api-ip', '127.0.0.1', '--api-port'];
    const target = ['--default-target', `http://127.0.0.1:${originPort}`, '--log-level', 'error'];
    const pid = ['--pid-file', join(folder, 'chp.pid')];
    return [process.execPath, program, ...args, String(port + 1), ...target, ...pid];
  },
};

const express: Peer = {
  name: 'express with http-proxy',
  command(folder, port, originPort) {
    const home = findPackage('http-proxy');
    if (home === undefined || findPackage('express') === undefined) return undefined;
    const file = join(folder, 'express.cjs');
    writeFileSync(
      file,
      `const { createRequire } = require('node:module');
const load = createRequire(${JSON.stringify(`${home}/`)});
const agent = new (require('node:http').Agent)({ keepAlive: true });
const proxy = load('http-proxy').createProxyServer({ target: 'http://127.0.0.1:${originPort}', agent, xfwd: true });
const app = load('express')();
app.use((request, response) => proxy.web(request, response));
app.listen(${port}, '127.0.0.1');
`,
    );
    return [process.execPath, file];
  },
};

export const peers: readonly Peer[] = [nginx, haproxy, caddy, configurableHttpProxy, express];
