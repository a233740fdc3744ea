/** Hosts one real part of Reveille in a process of its own: `part.js proxy|worker CONFIG`, with an IPC channel. */
import { createLogger, loadConfig, type Service, type ServiceOptions } from '../config/index.js';
import { startProxy } from '../proxy/main.js';
import { startWorker } from '../worker/main.js';

const starts: Record<string, (options: ServiceOptions) => Promise<Service>> = {
  proxy: startProxy,
  worker: startWorker,
};

const [name = '', file = ''] = process.argv.slice(2);
const start = starts[name];
if (start === undefined) throw new Error(`part.js proxy|worker CONFIG, not ${name}`);
const config = loadConfig(file);
const service = await start({ config, log: createLogger(name, config.log.level), secret: 'benchmark' });
process.send?.({ address: service.address });
const end = (): void => {
  void service.close().finally(() => process.exit());
};
process.once('SIGTERM', end);
process.once('disconnect', end);
