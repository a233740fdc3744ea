import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { engine } from './engines.js';
import { freePorts } from './ports.js';
import { type Running, start, tempFolder, until } from './scripts.js';

const FAKE = fileURLToPath(new URL('./fake-reveille.js', import.meta.url));

/** A configuration in a folder of its own, on free ports. */
export interface Site {
  folder: string;
  file: string;
  proxy: number;
  control: number;
  temporal: number;
  ui: number;
}

export async function site(context: TestContext, more = ''): Promise<Site> {
  const folder = tempFolder(context);
  const file = join(folder, 'reveille.yaml');
  const [proxy = 0, control = 0, temporal = 0, ui = 0] = await freePorts(4);
  writeFileSync(
    file,
    `proxy: { listen: 127.0.0.1:${proxy} }
control: { listen: 127.0.0.1:${control} }
temporal: { embedded: { port: ${temporal}, uiPort: ${ui}, database: .reveille/temporal.db } }
${more}`,
  );
  return { folder, file, proxy, control, temporal, ui };
}

/** `reveille up` with fake parts and the real Temporal. Whatever it starts is gone when the test is over. */
export function startFake(context: TestContext, place: Site, command = 'up'): Running {
  // The folder stands in the environment too: by that processes are found which changed their title.
  const env = { ...process.env, REVEILLE_TEMPORAL: engine('temporal'), REVEILLE_TEST_SITE: place.folder };
  const running = start(context, process.execPath, [FAKE, command, '--config', place.file], { env });
  context.after(() => until(() => processesOf(place).length === 0));
  return running;
}

/** Resolves when it says that it is up; fails with what it said where it ended instead. */
export async function untilUp(running: Running): Promise<void> {
  const early = running.ended.then(({ stdout, stderr }) => {
    throw new Error(`ended before it was up:\n${stdout}${stderr}`);
  });
  await Promise.race([until(() => running.output().includes('Reveille is up.')), early]);
}

/** Command lines of all processes that name the folder of this site. */
export function processesOf({ folder }: Site): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return command.includes(folder) || environment.includes(folder)
          ? [{ pid: Number(pid), command }]
          : [];
      } catch {
        return [];
      }
    });
}

/** What the fake parts were told so far, in order. */
export function events({ file }: Site): string[] {
  const path = `${file}.events`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
}
