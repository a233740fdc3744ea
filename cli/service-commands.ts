import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { GlobalOptions } from './global-options.js';
import { invocation } from './invocation.js';
import type { Part } from './service-host.js';

/** The absolute path of the configuration that a command line means. */
function configFileOf(command: Command): string {
  const { config } = command.optsWithGlobals<GlobalOptions>();
  return resolve(config ?? 'reveille.yaml');
}

/** `up`, `run`, `worker`, `proxy`, `control`, `check`, `reload`. Each loads its code when it is called. */
export function registerServiceCommands(program: Command): void {
  registerUp(program);
  registerRun(program);
  registerParts(program);
  registerCheck(program);
  registerReload(program);
  registerImport(program);
}

function registerUp(program: Command): void {
  program
    .command('up')
    .description('run everything: Temporal, worker, proxy and control')
    .option('--sleepingd [file]', 'run the services of a sleepingd.conf; other settings come from --config')
    .addHelpText(
      'after',
      `
Keeps them running, and ends them in order at Ctrl-C or SIGTERM: what is awake is stopped, or kept where the
configuration says \`onExit: keep\`. A second Ctrl-C leaves what is awake. SIGHUP reloads the configuration.

Exit codes: 0 ended by a signal, 1 it could not start, 2 the command was not understood.

Examples:
  $ reveille up
  $ reveille up --config /etc/reveille.yaml
  $ reveille up --sleepingd /etc/sleepingd/sleepingd.conf`,
    )
    .action(async (options: { sleepingd?: string | true }, command: Command) => {
      if (options.sleepingd !== undefined) return await upSleepingd(options.sleepingd, command);
      const [{ loadConfig }, { up }, { welcome }] = await Promise.all([
        import('../config/index.js'),
        import('./up/up.js'),
        import('./up/welcome.js'),
      ]);
      const file = configFileOf(command);
      await up({ config: { ...loadConfig(file), file }, welcome });
    });
}

async function upSleepingd(file: string | true, command: Command): Promise<void> {
  const [{ sleepingdConfig }, { up }] = await Promise.all([
    import('./sleepingd/up.js'),
    import('./up/up.js'),
  ]);
  const { config: other } = command.optsWithGlobals<GlobalOptions>();
  const source = file === true ? undefined : file;
  const read = (written?: string) => {
    const { config, lines, skipped } = sleepingdConfig(source, other && resolve(other), written);
    for (const line of skipped) process.stderr.write(`skipped ${line}\n`);
    return { config, lines };
  };
  const { config, lines } = read();
  const watch = `To watch them: ${invocation()} status --watch --config ${config.file}`;
  await up({
    config,
    read: () => read(config.file).config,
    welcome: () => [...lines, watch].join('\n'),
  });
}

function registerImport(program: Command): void {
  program
    .command('import')
    .description('write a reveille.yaml that does what a sleepingd.conf says')
    .argument('[file]', 'the sleepingd.conf (default: where sleepingd looks for it)')
    .option(
      '-o, --output <file>',
      'where to write it; never over a file that exists (default: standard output)',
    )
    .addHelpText(
      'after',
      `
What has no counterpart is told in comments; sections that are left out are told on standard error.

Exit codes: 0 it worked, 1 it failed, 2 the command was not understood.

Examples:
  $ reveille import /etc/sleepingd/sleepingd.conf
  $ reveille import sleepingd.conf --output reveille.yaml`,
    )
    .action(async (file: string | undefined, { output }: { output?: string }, command: Command) => {
      const { importSleepingd } = await import('./sleepingd/import.js');
      const { json = false } = command.optsWithGlobals<GlobalOptions>();
      const { exitCode, stdout, stderr } = importSleepingd(file, { output, json });
      process.stdout.write(stdout);
      process.stderr.write(stderr);
      process.exitCode = exitCode;
    });
}

function registerRun(program: Command): void {
  program
    .command('run')
    .description('put any command behind a URL, with no configuration file')
    .usage('[options] -- COMMAND [ARGUMENT...]')
    .argument('<command...>', 'the command; it is told its port as PORT')
    .option('--idle <duration>', 'stop it when nobody has used it for so long', durationText, '5m')
    .option('--port <number>', 'where it is to be reached', portNumber, 8080)
    .addHelpText(
      'after',
      `
Exit codes: 0 ended by a signal, 1 it could not start, 2 the command was not understood.

Examples:
  $ reveille run -- node server.js
  $ reveille run --idle 30s --port 3000 -- npm run dev
  $ reveille run -- sh -c 'exec python3 -m http.server "$PORT"'`,
    )
    .action(async (words: string[], options: { idle: string; port: number }) => {
      const { run } = await import('./run.js');
      await run({ command: words, idle: options.idle, port: options.port, cwd: process.cwd() });
    });
}

const parts: Record<string, { description: string; load(): Promise<Part> }> = {
  worker: {
    description: 'run workflows and activities: what starts and stops instances',
    load: async () => ({ name: 'worker', start: (await import('../worker/main.js')).startWorker }),
  },
  proxy: {
    description: 'take requests, hold them while their resource wakes, forward them',
    load: async () => ({ name: 'proxy', start: (await import('../proxy/main.js')).startProxy }),
  },
  control: {
    description: 'serve the API, health, metrics and pages',
    load: async () => ({ name: 'control', start: (await import('../control/main.js')).startControl }),
  },
};

/** Not config's own reader: that would load all of the configuration's code for every command. */
function durationText(text: string): string {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) {
    throw new InvalidArgumentError('Expected a duration such as 30s, 5m or 1h30m.');
  }
  return text;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new InvalidArgumentError('Expected a port from 0 to 65535; 0 is any free one.');
  }
  return port;
}

function registerParts(program: Command): void {
  for (const [name, { description, load }] of Object.entries(parts)) {
    program
      .command(name)
      .description(description)
      .addHelpText(
        'after',
        `
One part of \`reveille up\` by itself. SIGHUP reloads the configuration, SIGTERM ends it in order.

Exit codes: 0 ended by a signal, 1 it could not start, 2 the command was not understood.

Example:
  $ reveille ${name} --config /etc/reveille.yaml`,
      )
      .action(async (_options: unknown, command: Command) => {
        const [{ hostService }, part] = await Promise.all([import('./service-host.js'), load()]);
        await hostService(part, configFileOf(command));
      });
  }
}

function registerCheck(program: Command): void {
  program
    .command('check')
    .description('say whether the configuration is right, or everything that is wrong with it')
    .option('--preview', 'ask Pulumi what it would create for resources that have it; changes nothing')
    .addHelpText(
      'after',
      `
Exit codes: 0 it is right, 1 it is not, 2 the command was not understood.

Example:
  $ reveille check --config /etc/reveille.yaml --json
  $ reveille check --preview`,
    )
    .action(async ({ preview = false }: { preview?: boolean }, command: Command) => {
      const { checkCommand } = await import('./check.js');
      const { json = false } = command.optsWithGlobals<GlobalOptions>();
      const file = configFileOf(command);
      const checked = checkCommand(file, { json });
      process.stderr.write(checked.stderr);
      process.exitCode = checked.exitCode;
      if (!preview || checked.exitCode !== 0) {
        process.stdout.write(checked.stdout);
        return;
      }
      const { withPreviews } = await import('./preview.js');
      process.stdout.write(await withPreviews(file, checked.stdout, json));
    });
}

function registerReload(program: Command): void {
  program
    .command('reload')
    .description('check the configuration and have the running `reveille up` read it')
    .option(
      '--sleepingd [file]',
      'where `reveille up --sleepingd` runs: the sleepingd.conf that it was given',
    )
    .addHelpText(
      'after',
      `
An invalid configuration is refused and the old one kept. What is awake keeps its settings until its next boot.

Exit codes: 0 it was told to read it, 1 the file is wrong or nothing runs, 2 the command was not understood.`,
    )
    .action(async ({ sleepingd }: { sleepingd?: string | true }, command: Command) => {
      const { reload, reloadSleepingd } = await import('./reload.js');
      const { config } = command.optsWithGlobals<GlobalOptions>();
      const pid =
        sleepingd === undefined
          ? reload(configFileOf(command))
          : reloadSleepingd(sleepingd === true ? undefined : sleepingd, config && resolve(config));
      const { json } = command.optsWithGlobals<GlobalOptions>();
      process.stdout.write(
        json
          ? `${JSON.stringify({ reloaded: pid })}\n`
          : `the file is valid; \`reveille up\` (process ${pid}) is told to read it\n`,
      );
    });
}
