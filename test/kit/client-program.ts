/** Run as a process: the client's commands alone, with the error handling of the command line. */
import { Command, CommanderError } from 'commander';
import { registerClientCommands } from '../../cli/client-commands.js';
import { reportError } from '../../cli/report-error.js';

const program = new Command('reveille').option('-c, --config <file>').option('--json').exitOverride();
registerClientCommands(program);
try {
  await program.parseAsync(process.argv.slice(2), { from: 'user' });
} catch (error) {
  if (!(error instanceof CommanderError)) process.exitCode = reportError(error);
  else process.exitCode = error.exitCode === 0 ? 0 : 2;
}
