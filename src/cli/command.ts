/** What a command of the program is: its words, what it takes, and what it gives back. */
import type { Environment } from '../config/config.ts';

/** An option of a command: a flag, or with `value` something that takes a value. */
export interface Option {
  readonly meaning: string;
  /** The placeholder of the value, such as `ID`; absent for a flag. */
  readonly value?: string;
  readonly isRequired?: true;
  /** The only values that are accepted. */
  readonly choices?: readonly string[];
  /** A whole number in plain decimal between these limits is accepted only. */
  readonly range?: { readonly min: number; readonly max: number };
  /** The setting that a given value stands in for, by its name in the environment. */
  readonly setting?: string;
}

export interface Command {
  /** One word or two: `serve`, `key create`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More of it, for the command's own help. */
  readonly details?: string;
  /** The one word that must follow the name. */
  readonly argument?: { readonly name: string; readonly meaning: string };
  readonly options: Readonly<Record<string, Option>>;
  /** Loads what the command needs, and nothing else. */
  load(): Promise<Handler>;
}

/** Does the work of a command. Throws a `CommandError` or a refusal of the core where it cannot. */
export type Handler = (invocation: Invocation) => Promise<Outcome>;

/** A command as it was called; everything required is there and every value is acceptable. */
export interface Invocation {
  /** The word after the name; empty where the command takes none. */
  readonly argument: string;
  /** The value of an option, undefined where it was not given. */
  find(option: string): string | undefined;
  /** The value of a required option. */
  get(option: string): string;
  /** The environment, with the options that stand for settings in it. */
  readonly env: Environment;
}

/** What a command has to say: one JSON value for programs, or the same for people. */
export interface Outcome {
  readonly json: unknown;
  /** Lines for a person, without a line break at the end; empty for nothing to say. */
  readonly text: string;
  /** Remarks that are not part of the answer, for standard error. */
  readonly notes?: readonly string[];
  /** The answer is bad news: the program ends with 1. */
  readonly isFailure?: boolean;
  /** What the command goes on doing after it has said this; the program ends with it. */
  readonly meanwhile?: Promise<void>;
}

/** The command cannot be done. `message` is one line, fit for a person, without anything secret. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
}

/** The command was called in a way that does not exist. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';
  /** The command whose help explains it; null for that of the program. */
  readonly command: string | null;

  constructor(message: string, command: string | null) {
    super(message);
    this.command = command;
  }
}
