/**
 * Parses a command line into a command and its values. Options may stand anywhere, also before the command. An unknown,
 * missing, repeated or unacceptable word is a `UsageError` before any command is loaded.
 */
import { parseArgs } from 'node:util';
import type { Environment } from '../config/environment.ts';
import { type Command, type Invocation, type Option, UsageError } from './command.ts';

/** Options that every command takes. */
export const commonOptions = {
  data: { value: 'DIR', meaning: 'The data folder, in place of ROSTER_DATA_DIR', setting: 'ROSTER_DATA_DIR' },
  json: { meaning: 'Print one JSON value' },
  yes: { meaning: 'Do not ask for confirmation; a command that does not ask ignores it' },
  help: { meaning: 'Explain the command' },
} as const satisfies Readonly<Record<string, Option>>;

/** The options of a command, those that every command takes included. What a command says of an option itself comes first. */
export function optionsOf({ options }: Pick<Command, 'options'>): Readonly<Record<string, Option>> {
  return { ...options, ...commonOptions, ...options };
}

/** The request that a command line stands for. */
export type Request =
  | { readonly kind: 'help'; readonly words: readonly string[] }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run';
      readonly command: Command;
      readonly invocation: Invocation;
      readonly isJson: boolean;
    };

/**
 * Reads the words after the program's name.
 *
 * @throws {UsageError} with one line.
 */
export function readCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  env: Environment,
): Request {
  const { words, given } = readWords(argv, commands);
  if (words[0] === 'help') return { kind: 'help', words: words.slice(1) };
  if (given.has('help')) return { kind: 'help', words };
  if (given.has('version')) return { kind: 'version' };
  const command = findCommand(words, commands);
  const options = optionsOf(command);
  const values = new Map<string, string>();
  for (const [name, token] of given) {
    const option = options[name];
    if (option === undefined) throw new UsageError(`unknown option --${name}`, command.name);
    values.set(name, checkValue(name, valueIn(token, option, command.name), option, command));
  }
  for (const [name, option] of Object.entries(options)) {
    if (option.isRequired && !values.has(name)) {
      throw new UsageError(`--${name} ${option.value ?? ''} is missing`, command.name);
    }
  }
  const invocation: Invocation = {
    command: command.name,
    argument: readArgument(words, command),
    find: (option) => values.get(option),
    get: (option) => values.get(option) ?? '',
    env: { ...env, ...settingsOf(values, options) },
  };
  return { kind: 'run', command, invocation, isJson: values.has('json') };
}

/** An option as it is written on the command line. */
interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** The words, and the options. */
function readWords(
  argv: readonly string[],
  commands: readonly Command[],
): { words: string[]; given: Map<string, OptionToken> } {
  const known: Record<string, Option> = Object.assign(
    { version: { meaning: 'Print the version' } },
    commonOptions,
    ...commands.map(({ options }) => options),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      Object.entries(known).map(([name, { value }]) => {
        return [name, { type: value === undefined ? 'boolean' : 'string' } as const];
      }),
    ),
  });
  const words: string[] = [];
  const given = new Map<string, OptionToken>();
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName } = token;
    const option = known[name];
    const command = words.slice(0, 2).join(' ');
    const about = commands.some((each) => each.name === command) ? command : null;
    if (option === undefined || !rawName.startsWith('--')) {
      throw new UsageError(`unknown option ${rawName}`, about);
    }
    if (given.has(name)) throw new UsageError(`${rawName} is given twice`, about);
    given.set(name, token);
  }
  return { words, given };
}

/** The value of an option of this command. The value of a flag is `''`. */
function valueIn({ rawName, value, inlineValue }: OptionToken, option: Option, about: string): string {
  if (option.value === undefined) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`, about);
    return '';
  }
  // A word that begins with a dash is the next option: the value was forgotten. `--name=-x` gives such a value.
  const isDash = value === '-' && option.takesDash;
  if (value === undefined || value === '' || (!inlineValue && !isDash && value.startsWith('-'))) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${option.value}`, about);
  }
  return value;
}

function findCommand(words: readonly string[], commands: readonly Command[]): Command {
  const found = commands.find(({ name }) => {
    return name.split(' ').every((word, index) => word === words[index]);
  });
  if (found !== undefined) return found;
  const [first, second] = words;
  if (first === undefined) throw new UsageError('which command?', null);
  const group = commands.map(({ name }) => name).filter((name) => name.startsWith(`${first} `));
  if (group.length === 0) throw new UsageError(`unknown command "${first}"`, null);
  const ways = group.map((name) => name.slice(first.length + 1)).join(', ');
  const problem = second === undefined ? `which "${first}" command` : `unknown command "${first} ${second}"`;
  throw new UsageError(`${problem}: there is ${ways}`, first);
}

function readArgument(words: readonly string[], command: Command): string {
  const [argument, extra] = words.slice(command.name.split(' ').length);
  if (command.argument === undefined) {
    if (argument !== undefined) throw new UsageError(`unexpected "${argument}"`, command.name);
    return '';
  }
  if (argument === undefined && command.argument.isOptional) return '';
  if (argument === undefined || argument === '') {
    throw new UsageError(`${command.argument.name} is missing`, command.name);
  }
  if (extra !== undefined) throw new UsageError(`unexpected "${extra}"`, command.name);
  const { name, choices } = command.argument;
  if (choices !== undefined && !choices.includes(argument)) {
    throw new UsageError(`${name} must be one of ${choices.join(', ')}`, command.name);
  }
  return argument;
}

function checkValue(name: string, value: string, option: Option, command: Command): string {
  const { choices, range } = option;
  if (choices !== undefined && !choices.includes(value)) {
    throw new UsageError(`--${name} must be one of ${choices.join(', ')}`, command.name);
  }
  if (range !== undefined && !isWholeNumber(value, range)) {
    throw new UsageError(`--${name} must be a whole number from ${range.min} to ${range.max}`, command.name);
  }
  return value;
}

function isWholeNumber(text: string, range: { readonly min: number; readonly max: number }): boolean {
  return /^\d{1,15}$/.test(text) && Number(text) >= range.min && Number(text) <= range.max;
}

function settingsOf(
  values: ReadonlyMap<string, string>,
  options: Readonly<Record<string, Option>>,
): Environment {
  const entries = Object.entries(options).flatMap(([name, { setting }]) => {
    const value = values.get(name);
    return setting === undefined || value === undefined ? [] : [[setting, value] as const];
  });
  return Object.fromEntries(entries);
}
