// npm run bench [-- NAME … --output FOLDER --docs --install]: set-up, then all benchmarks or those that are named.
// --docs puts the plots into docs/plots/; --install first gets the proxies that warm is compared with.
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { installPeers } from './bench-peers.mjs';
import { interruptible, prepare } from './setup/index.mjs';
import { ensureTemporal } from './setup/temporal.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: 'string', default: join(root, 'bench/results') },
    docs: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
  },
});

const ended = await interruptible(async (signal) => {
  await prepare({ root, signal });
  process.env.REVEILLE_TEMPORAL = await ensureTemporal({ signal });
  if (values.install) await installPeers(signal);
  const { main } = await import(pathToFileURL(join(root, 'dist/bench/main.js')).href);
  return main({
    names: positionals,
    output: values.output,
    plots: values.docs ? join(root, 'docs/plots') : values.output,
    signal,
  });
});
process.exitCode = ended ? 0 : 1;
