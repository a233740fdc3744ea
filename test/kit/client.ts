import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HELLO, startTestControl, type TestControl } from './control.js';
import { type Ended, type Running, start, tempFolder } from './scripts.js';

const PROGRAM = fileURLToPath(new URL('client-program.js', import.meta.url));

export interface TestClient extends TestControl {
  /** Starts `reveille …` with the configuration of this control address. */
  start(...args: string[]): Running;
  run(...args: string[]): Promise<Ended>;
}

/** A control address over a fake Temporal, and the command line that talks to it as a process of its own. */
export async function startTestClient(
  context: TestContext,
  { token, text = HELLO }: { token?: string; text?: string } = {},
): Promise<TestClient> {
  const more = token === undefined ? '' : `, token: ${token}`;
  const control = await startTestControl(context, { control: `listen: 127.0.0.1:0${more}`, text });
  const file = join(tempFolder(context), 'reveille.yaml');
  writeFileSync(file, `control: { listen: "${control.service.address}"${more} }`);
  const run = (...args: string[]) => start(context, process.execPath, [PROGRAM, '--config', file, ...args]);
  return { ...control, start: run, run: (...args) => run(...args).ended };
}
