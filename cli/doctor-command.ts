import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { GlobalOptions } from './global-options.js';

/** `doctor`. Its code is loaded when it runs. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look for what would keep Reveille from working on this machine, and say what to do')
    .addHelpText(
      'after',
      `
One line each: Temporal, its namespace, search attributes and clock; what each provider needs; ports; folders and
the space on their disks. Run it as the user that runs Reveille. It changes nothing, and wakes nothing.

Exit codes: 0 nothing is wrong (there may be warnings), 1 something is, 2 the command was not understood.

Examples:
  $ reveille doctor --config /etc/reveille/reveille.yaml
  $ reveille doctor --json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { doctor } = await import('./doctor/doctor.js');
      const { config, json = false } = command.optsWithGlobals<GlobalOptions>();
      const { exitCode, stdout } = await doctor(resolve(config ?? 'reveille.yaml'), json);
      process.stdout.write(stdout);
      process.exitCode = exitCode;
    });
}
