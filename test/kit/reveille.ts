import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { engine } from './engines.js';
import { type Running, root, start, until } from './scripts.js';
import { processesOf, type Site } from './up.js';

/** The real command, on a site of the test's own. Whatever it starts is gone when the test is over. */
export function reveille(context: TestContext, place: Site, ...args: string[]): Running {
  const env = { ...process.env, REVEILLE_TEMPORAL: engine('temporal'), REVEILLE_TEST_SITE: place.folder };
  const running = start(
    context,
    process.execPath,
    [join(root, 'bin/reveille.mjs'), ...args, '--config', place.file],
    {
      env,
    },
  );
  context.after(async () => {
    // What `onExit: keep` leaves has no parent that would end it.
    for (const { pid, command } of processesOf(place))
      if (command.includes('app.js')) process.kill(pid, 'SIGKILL');
    await until(() => processesOf(place).length === 0);
  });
  return running;
}

/** A resource `app` at /, which answers with its pid. @param before JavaScript that it runs first */
export function addApp(place: Site, before = ''): void {
  const code =
    `${before};` +
    "require('http').createServer((q, r) => r.end(String(process.pid))).listen(process.env.PORT) // app.js";
  appendFileSync(
    place.file,
    `resources:
  app:
    provider: process
    process: { command: [node, -e, ${JSON.stringify(code)}] }
    routes: [{ path: / }]
`,
  );
}
