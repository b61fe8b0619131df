/** Renders the help from the table of commands: for the program, for a group of commands, for one command. */
import type { Command, Option } from './command.ts';
import { UsageError } from './command.ts';
import { commonOptions, optionsOf } from './invocation.ts';
import { bold, columns } from './layout.ts';

/**
 * The help for the words before `--help`; without words, the help for the program.
 *
 * @throws {UsageError} if no command begins with these words.
 */
export function helpFor(words: readonly string[], commands: readonly Command[]): string {
  const [first, second] = words;
  if (first === undefined) return programHelp(commands);
  const one = commands.find(({ name }) => name === first || name === `${first} ${second}`);
  if (one !== undefined) return commandHelp(one);
  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length === 0 || second !== undefined) {
    throw new UsageError(`unknown command "${words.join(' ')}"`, group.length === 0 ? null : first);
  }
  return [
    usage(`roster ${first} <command> [options]`),
    section('Commands', group.map(commandRow)),
    `Try \`roster ${first} <command> --help\`.`,
  ].join('\n\n');
}

function programHelp(commands: readonly Command[]): string {
  return [
    'Roster: a user directory with four documented APIs.',
    usage('roster <command> [options]'),
    section('Commands', commands.map(commandRow)),
    section('Options', [...optionRows(commonOptions), ['--version', 'Print the version']]),
    'Settings come from the environment: see docs/settings.md.\nTry `roster <command> --help`.',
  ].join('\n\n');
}

function commandHelp(command: Command): string {
  const { name, summary, details, argument, options } = command;
  const required = Object.entries(options).flatMap(([option, { isRequired, value = '' }]) => {
    return isRequired ? [`--${option} ${value}`] : [];
  });
  const words = ['roster', name, ...(argument === undefined ? [] : [wordFor(argument)]), ...required];
  const rows = optionRows(optionsOf(command));
  if (argument !== undefined) {
    const { choices } = argument;
    const listed = choices === undefined ? '' : `: ${choices.join(', ')}`;
    rows.unshift([argument.name, `${argument.meaning}${listed}`]);
  }
  return [
    `${summary}.`,
    ...(details === undefined ? [] : [details]),
    usage(`${words.join(' ')} [options]`),
    section('Options', rows),
  ].join('\n\n');
}

function usage(text: string): string {
  return `${bold('Usage:')} ${text}`;
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return [bold(`${title}:`), ...columns(rows).map((line) => `  ${line}`)].join('\n');
}

function commandRow({ name, argument, summary }: Command): [string, string] {
  return [argument === undefined ? name : `${name} ${wordFor(argument)}`, summary];
}

function optionRows(options: Readonly<Record<string, Option>>): [string, string][] {
  return Object.entries(options).map(([name, option]) => {
    const words = option.value === undefined ? `--${name}` : `--${name} ${option.value}`;
    const choices = option.choices === undefined ? '' : `: ${option.choices.join(', ')}`;
    return [words, `${option.meaning}${choices}${option.isRequired ? ' (required)' : ''}`];
  });
}

function wordFor({ name, isOptional }: NonNullable<Command['argument']>): string {
  return isOptional === true ? `[${name}]` : name;
}
