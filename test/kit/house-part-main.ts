// node house-part-main.js worker|proxy CONFIG: one part, as `reveille worker` and `reveille proxy` run it.
import {
  createLogger,
  loadConfig,
  readSecret,
  type Service,
  type ServiceOptions,
} from '../../config/index.js';
import { startProxy } from '../../proxy/main.js';
import { startWorker } from '../../worker/main.js';

const [name = '', file = ''] = process.argv.slice(2);
const starters: Record<string, (options: ServiceOptions) => Promise<Service>> = {
  worker: startWorker,
  proxy: startProxy,
};
const config = loadConfig(file);
const service = await starters[name]?.({
  config,
  log: createLogger(name, config.log.level),
  secret: await readSecret(config),
});
process.stdout.write(`${name} is ready${service?.address === undefined ? '' : ` at ${service.address}`}\n`);
process.once('SIGTERM', () => void service?.close().then(() => process.exit(0)));
