import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ClientContext } from './client-actions.js';
import { addImages } from './image-commands.js';

interface Globals {
  config?: string;
  json?: boolean;
}

/**
 * Adds the commands that talk to a running Reveille through its control address. They read `--config` and
 * `--json` of the program. Their modules are loaded when they run, so that the command line starts fast.
 */
export function registerClientCommands(program: Command): void {
  addStatus(program);
  addWakeAndStop(program);
  addPins(program);
  addLogs(program);
  addImages(program, contextOf);
}

function addStatus(program: Command): void {
  program
    .command('status')
    .description('show which resources are awake, and why; with a name, all about that one')
    .argument('[name]', 'a resource')
    .option('-w, --watch', 'go on and show every change, until Ctrl-C')
    .action(async (name: string | undefined, options: { watch?: boolean }, command: Command) => {
      const { status, watch } = await import('./client-status.js');
      const context = contextOf(command);
      if (options.watch && context.json) command.error('error: --watch and --json exclude each other');
      await (options.watch ? watch(context, name) : status(context, name));
    });
}

interface StopOptions {
  then?: string;
  force?: boolean;
  wait: boolean;
  all?: boolean;
}

function addWakeAndStop(program: Command): void {
  program
    .command('wake')
    .description('wake a resource and wait until it is ready')
    .argument('<name>', 'a resource')
    .option('--no-wait', 'only ask for it')
    .action(async (name: string, { wait }: { wait: boolean }, command: Command) => {
      const { act } = await import('./client-actions.js');
      await act(contextOf(command), 'wake', name, { wait });
    });
  program
    .command('stop')
    .description('put a resource to sleep and wait until it is asleep')
    .argument('[name]', 'a resource')
    .option('--all', 'whatever is awake, instead of one')
    .addOption(
      new Option('--then <how>', 'how it ends; default: as configured').choices([
        'stop',
        'suspend',
        'delete',
      ]),
    )
    .option('--force', 'do not wait for requests in flight, and kill at once')
    .option('--no-wait', 'only ask for it')
    .action(async (name: string | undefined, { all, ...options }: StopOptions, command: Command) => {
      const { act, stopAll } = await import('./client-actions.js');
      if ((name === undefined) !== (all === true)) command.error('error: name a resource, or say --all');
      if (name === undefined) await stopAll(contextOf(command), options);
      else await act(contextOf(command), 'stop', name, options);
    });
  program
    .command('delete')
    .description('stop the instance of a resource and remove it with what it wrote')
    .argument('<name>', 'a resource')
    .requiredOption('--yes', 'say that you mean it')
    .option('--no-wait', 'only ask for it')
    .action(async (name: string, { wait }: { wait: boolean }, command: Command) => {
      const { remove } = await import('./client-actions.js');
      await remove(contextOf(command), name, wait);
    });
}

function addPins(program: Command): void {
  program
    .command('pin')
    .description('keep a resource awake (and wake it) until a time, or until it is unpinned')
    .argument('<name>', 'a resource')
    .addOption(new Option('--for <duration>', 'such as 30m or 2h').conflicts('until'))
    .option('--until <time>', 'ISO 8601, such as 2030-01-31T18:00:00Z')
    .action(async (name: string, options: { for?: string; until?: string }, command: Command) => {
      const { act } = await import('./client-actions.js');
      await act(contextOf(command), 'pin', name, options);
    });
  program
    .command('unpin')
    .description('let a pinned resource fall asleep again')
    .argument('<name>', 'a resource')
    .action(async (name: string, _options: object, command: Command) => {
      const { act } = await import('./client-actions.js');
      await act(contextOf(command), 'unpin', name, {});
    });
}

function addLogs(program: Command): void {
  program
    .command('logs')
    .description('show the last lines that the instances of a resource wrote')
    .argument('<name>', 'a resource')
    .option('-f, --follow', 'go on with what is added, until Ctrl-C')
    .option('-n, --lines <number>', 'how many lines', lineCount, 100)
    .action(async (name: string, options: { follow?: boolean; lines: number }, command: Command) => {
      const { logs } = await import('./client-logs.js');
      const context = contextOf(command);
      if (options.follow && context.json) command.error('error: --follow and --json exclude each other');
      await logs(context, name, { follow: options.follow === true, lines: options.lines });
    });
}

function lineCount(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 10_000)
    throw new InvalidArgumentError('Expected 0 to 10000.');
  return Number(text);
}

function contextOf(command: Command): ClientContext {
  const { config, json } = command.optsWithGlobals<Globals>();
  return { configFile: config, json: json === true };
}
