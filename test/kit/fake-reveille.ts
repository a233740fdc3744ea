/**
 * `reveille up` as it is, with small parts in place of worker, proxy and control: run as
 * `node fake-reveille.js up|worker|proxy|control --config FILE`. Each part answers HTTP with its name and pid,
 * and writes to FILE.events what it is told.
 */
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { hostService, type Part } from '../../cli/service-host.js';
import { up } from '../../cli/up/up.js';
import { welcome } from '../../cli/up/welcome.js';
import { loadConfig, type Service, type ServiceOptions, splitAddress } from '../../config/index.js';

const [, , command = '', , file = ''] = process.argv;

async function start(name: string, { config, listenFd }: ServiceOptions): Promise<Service> {
  const note = (event: string) => appendFileSync(`${file}.events`, `${name} ${event}\n`);
  // What a real worker's connections do: keeps the process alive.
  const alive = setInterval(() => {}, 1_000_000);
  const server = http.createServer((request, response) => {
    if (request.url === '/crash') throw new Error('a mistake of the proxy');
    response.end(`${name} ${process.pid}`);
  });
  if (name !== 'worker') {
    const place = listenFd === undefined ? splitAddress(config.control.listen) : { fd: listenFd };
    await new Promise<void>((resolve) => server.listen(place, resolve));
  }
  note('started');
  const address = server.address() as AddressInfo | null;
  return {
    ...(address === null ? {} : { address: `${address.address}:${address.port}` }),
    reload: async (next) => note(`reloaded ${next.onExit}`),
    close: async () => {
      note('closed');
      clearInterval(alive);
      server.close();
      server.closeAllConnections();
    },
  };
}

// The test is gone, perhaps killed by its timeout: nothing of it stays. Parts notice by the end of `up`.
if (process.channel === undefined)
  process.stdin.resume().once('end', () => process.kill(process.pid, 'SIGKILL'));
if (process.stdin instanceof Socket) process.stdin.unref();

if (command === 'up') {
  const launcher = fileURLToPath(import.meta.url);
  up({ config: { ...loadConfig(file), file }, welcome, launcher }).catch((error) => {
    process.stderr.write(`error ${error.code}: ${error.message}\n`);
    process.exitCode = 1;
  });
} else {
  const name = command as Part['name'];
  await hostService({ name, start: (options) => start(name, options) }, file);
}
