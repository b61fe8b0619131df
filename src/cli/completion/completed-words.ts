/**
 * What a shell completes: the words of each command, made from the table of commands. The scripts for the shells are written
 * from this, so that completing starts no program.
 */
import type { Command } from '../command.ts';
import { optionsOf } from '../invocation.ts';

/** What follows an option, or stands as the argument: nothing, a path, one of some words, or a text that no shell knows. */
export type Taken =
  | { readonly kind: 'nothing' | 'file' | 'folder' | 'text' }
  | { readonly kind: 'words'; readonly words: readonly string[] };

export interface CompletedOption {
  /** With its dashes. */
  readonly name: string;
  readonly meaning: string;
  readonly takes: Taken;
}

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly argument: Taken;
  readonly options: readonly CompletedOption[];
}

/** A word with its meaning, as a menu shows it. */
export type Entry = readonly [word: string, meaning: string];

export interface Completed {
  readonly commands: readonly CompletedCommand[];
  /** The first words of commands, and `help`. */
  readonly first: readonly Entry[];
  /** The first words that a second one follows, with the second words. */
  readonly groups: ReadonlyMap<string, readonly Entry[]>;
  /** The names of the options that take a value, of any command. */
  readonly valued: readonly string[];
}

export function completedOf(commands: readonly Command[]): Completed {
  const all = commands.map(completedCommand);
  const first: Entry[] = [];
  const groups = new Map<string, Entry[]>();
  for (const { name, summary } of all) {
    const [word = '', second] = name.split(' ');
    if (second === undefined) first.push([word, summary]);
    else if (!groups.has(word)) first.push([word, `Commands for: ${word}`]);
    if (second !== undefined) groups.set(word, [...(groups.get(word) ?? []), [second, summary]]);
  }
  first.push(['help', 'Explain a command']);
  const options = all.flatMap((each) => each.options);
  const valued = new Set(options.filter(({ takes }) => takes.kind !== 'nothing').map(({ name }) => name));
  return { commands: all, first, groups, valued: [...valued] };
}

function completedCommand(command: Command): CompletedCommand {
  const { name, summary, argument } = command;
  return {
    ...{ name, summary },
    argument: argument === undefined ? { kind: 'nothing' } : takenOf(argument.name, argument.choices),
    options: Object.entries(optionsOf(command)).map(([each, option]) => ({
      name: `--${each}`,
      meaning: option.meaning,
      takes: option.value === undefined ? { kind: 'nothing' } : takenOf(option.value, option.choices),
    })),
  };
}

function takenOf(placeholder: string, choices: readonly string[] | undefined): Taken {
  if (choices !== undefined) return { kind: 'words', words: choices };
  if (/FOLDER|DIR/.test(placeholder)) return { kind: 'folder' };
  return { kind: placeholder.includes('FILE') ? 'file' : 'text' };
}
