import { Command, CommanderError } from 'commander';
import { reveilleVersion } from '../config/index.js';
import { registerClientCommands } from './client-commands.js';
import { registerCompletion } from './completion-commands.js';
import { registerDoctor } from './doctor-command.js';
import { reportError } from './report-error.js';
import { registerServiceCommands } from './service-commands.js';

export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const AFTER_HELP = `
Exit codes: 0 it worked, 1 it failed, 2 the command was not understood.

Examples:
  $ reveille up                          everything, with the reveille.yaml of this folder
  $ reveille run --idle 5m -- node server.js
  $ reveille status --watch              see resources wake and fall asleep`;

/**
 * Runs one command line and sets the process's exit code. Never throws.
 * @param argv what comes after `reveille`
 */
export async function main(argv: readonly string[]): Promise<void> {
  const json = argv.slice(0, end(argv)).includes('--json');
  try {
    await program().parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    process.exitCode = reportError(error, json);
  }
}

/** What follows `--` belongs to another program. */
const end = (argv: readonly string[]) => (argv.includes('--') ? argv.indexOf('--') : argv.length);

function program(): Command {
  const reveille = new Command('reveille')
    .description('A URL that always works for machines that sleep.')
    .version(reveilleVersion(), '-V, --version', 'print the version')
    .option('-c, --config <file>', 'the configuration (default: reveille.yaml in this folder)')
    .option('--json', 'print one JSON object on standard output, everything else on standard error')
    .helpOption('-h, --help', 'print help; after a command, the help of that command')
    .helpCommand(false)
    .showSuggestionAfterError()
    .showHelpAfterError('See `reveille --help`.')
    .addHelpText('after', AFTER_HELP)
    .exitOverride();
  registerServiceCommands(reveille);
  registerClientCommands(reveille);
  registerDoctor(reveille);
  registerCompletion(reveille);
  return reveille;
}
