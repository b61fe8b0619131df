/** The type of a command: its name, its argument and options, and its outcome. */
import type { Environment } from '../config/environment.ts';

/** An option of a command: a flag, or an option with a value. */
export interface Option {
  readonly meaning: string;
  /** The placeholder of the value, such as `ID`; absent for a flag. */
  readonly value?: string;
  readonly isRequired?: true;
  /** The value may be `-`, a standard stream. */
  readonly takesDash?: true;
  /** The only values that are accepted. */
  readonly choices?: readonly string[];
  /** The value must be a decimal whole number between these limits. */
  readonly range?: { readonly min: number; readonly max: number };
  /** The setting that the value replaces, by its name in the environment. */
  readonly setting?: string;
}

export interface Command {
  /** One word or two: `serve`, `key create`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More text, for the command's own help. */
  readonly details?: string;
  /** The one word that follows the name. It must be there unless it is optional. */
  readonly argument?: {
    readonly name: string;
    readonly meaning: string;
    readonly isOptional?: true;
    /** The only words that are accepted. */
    readonly choices?: readonly string[];
  };
  readonly options: Readonly<Record<string, Option>>;
  /** Loads the code of this command only. */
  load(): Promise<Handler>;
}

/** Runs a command. Throws a `CommandError` or a refusal of the core if it cannot. */
export type Handler = (invocation: Invocation) => Promise<Outcome>;

/** A call of a command. Everything required is present and every value is acceptable. */
export interface Invocation {
  /** The name of the command. */
  readonly command: string;
  /** The word after the name; empty if the command takes none, or got none. */
  readonly argument: string;
  /** The value of an option; undefined if it was not given. */
  find(option: string): string | undefined;
  /** The value of a required option. */
  get(option: string): string;
  /** The environment; options that replace settings are already in it. */
  readonly env: Environment;
}

/** The result of a command: one JSON value for programs, and the same as text for people. */
export interface Outcome {
  readonly json: unknown;
  /** Lines for a person, without a line break at the end; empty to print nothing. */
  readonly text: string;
  /** Notes that are not part of the answer; they go to standard error. */
  readonly notes?: readonly string[];
  /** The command found a fault: the program ends with 1. */
  readonly isFailure?: boolean;
  /** Work that continues after the result is printed; the program ends when it resolves. */
  readonly running?: Promise<void>;
}

/** The command cannot be run. `message` is one line for a person, without secrets. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
}

/** The command was called in a wrong way. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
  /** The command whose help explains the right way; null for the help of the program. */
  readonly command: string | null;

  constructor(message: string, command: string | null) {
    super(message);
    this.command = command;
  }
}
