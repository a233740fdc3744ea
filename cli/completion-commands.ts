import { Argument, type Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** `completion`, and what its scripts ask. Their modules are loaded when they run. */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what makes a shell complete commands, options and names of resources')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
Names come from the reveille.yaml of the folder, or from the --config that the line has.

Examples:
  $ source <(reveille completion bash)                 in ~/.bashrc
  $ source <(reveille completion zsh)                  in ~/.zshrc, after compinit
  $ reveille completion fish > ~/.config/fish/completions/reveille.fish`,
    )
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion/scripts.js');
      process.stdout.write(completionScript(shell));
    });
  program
    .command('complete', { hidden: true })
    .description('what may stand at the end of a command line; asked by the scripts of `completion`')
    .argument('[words...]', 'the line without the program, its last word perhaps unfinished')
    .action(async (words: string[]) => {
      const [{ candidates }, { configuredNames }] = await Promise.all([
        import('./completion/candidates.js'),
        import('./completion/names.js'),
      ]);
      const found = candidates(program, words, configuredNames);
      process.stdout.write(found.map(({ word, about }) => `${word}\t${about}\n`).join(''));
    });
}
