#!/usr/bin/env node
// The command itself is cli/main.ts, compiled.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(
    `error SETUP_FAILED: Reveille is not built\n  Run 'npm ci && npm run build' in ${root}\n`,
  );
  process.exit(1);
}
await (await import(main.href)).main(process.argv.slice(2));
