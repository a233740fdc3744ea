import type { Argument, Command, Option } from 'commander';

/** A word that may stand at the end of a line. */
export interface Candidate {
  word: string;
  /** In one line; may be empty. */
  about: string;
}

/** Names of resources and pools by the configuration that the line names. */
type Names = (configFile: string | undefined) => string[];

/** What the words before the last one say. */
interface Line {
  command: Command;
  /** The option whose value comes next. */
  pending: Option | undefined;
  /** Arguments of the command so far. */
  positionals: number;
  configFile: string | undefined;
  /** After `--`: the words belong to another program. */
  foreign: boolean;
}

/**
 * What may stand in place of the last word. None where it is nothing of ours, such as a file or the command of
 * another program: shells then complete files.
 * @param words what comes after `reveille`; the last one is unfinished, perhaps empty.
 */
export function candidates(program: Command, words: readonly string[], names: Names): Candidate[] {
  const last = words.at(-1) ?? '';
  const line = read(program, words.slice(0, -1));
  if (line.foreign) return [];
  return possible(line, last, names).filter(({ word }) => word.startsWith(last));
}

function read(program: Command, words: readonly string[]): Line {
  const line: Line = {
    command: program,
    pending: undefined,
    positionals: 0,
    configFile: undefined,
    foreign: false,
  };
  for (const word of words) {
    // bash takes `--option=value` apart, into three words.
    if (line.pending !== undefined && word === '=') continue;
    if (line.pending !== undefined) takeValue(line, line.pending, word);
    else if (word === '--') line.foreign = true;
    else if (word.startsWith('-')) takeOption(line, word);
    else takeWord(line, word);
  }
  return line;
}

function takeValue(line: Line, option: Option, word: string): void {
  if (option.long === '--config') line.configFile = word;
  line.pending = undefined;
}

function takeOption(line: Line, word: string): void {
  const [flag = '', value] = word.split('=', 2);
  const option = optionOf(line.command, flag);
  if (option === undefined) return;
  if (value !== undefined) takeValue(line, option, value);
  else if (option.required) line.pending = option;
}

function takeWord(line: Line, word: string): void {
  const inner = line.positionals === 0 ? line.command.commands.find((one) => one.name() === word) : undefined;
  if (inner === undefined) line.positionals += 1;
  else line.command = inner;
}

function possible(line: Line, last: string, names: Names): Candidate[] {
  if (line.pending !== undefined) return choicesOf(line.pending);
  const [flag = '', value] = last.split('=', 2);
  if (value !== undefined) {
    const option = optionOf(line.command, flag);
    return option === undefined ? [] : choicesOf(option, `${flag}=`);
  }
  if (last.startsWith('-')) return optionsOf(line.command);
  if (line.positionals === 0 && line.command.commands.length > 0) return commandsOf(line.command);
  const { registeredArguments: known } = line.command;
  const argument = known[line.positionals];
  if (argument?.name() === 'name') return names(line.configFile).map((word) => ({ word, about: '' }));
  return argument === undefined ? [] : choicesOf(argument);
}

function choicesOf({ argChoices = [] }: Option | Argument, before = ''): Candidate[] {
  return argChoices.map((choice) => ({ word: before + choice, about: '' }));
}

/** Those of a command and of all that it is below. */
function allOptions(command: Command): readonly Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...(command.parent === null ? [] : allOptions(command.parent))];
}

const optionOf = (command: Command, flag: string): Option | undefined =>
  allOptions(command).find(({ long, short }) => flag === long || flag === short);

function optionsOf(command: Command): Candidate[] {
  const about = new Map(
    allOptions(command).map(({ long, short, description }) => [long ?? short ?? '', description]),
  );
  return [...about].map(([word, description]) => ({ word, about: description }));
}

function commandsOf(command: Command): Candidate[] {
  const visible = command.createHelp().visibleCommands(command);
  return visible.map((one) => ({ word: one.name(), about: one.description() }));
}
