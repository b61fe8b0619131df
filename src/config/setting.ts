/** One setting: its name in the environment, its parser, its default and its meaning. The lists of settings are made of these. */
import type { Parser } from './setting-parsers.ts';

export interface Setting<T> {
  readonly name: string;
  readonly section: Section;
  /** Markdown, one or more sentences. */
  readonly meaning: string;
  readonly isSecret: boolean;
  readonly parser: Parser<unknown>;
  /** The text that an unset setting stands for; null if there is no default. */
  readonly fallback: string | null;
  /** The effect of leaving it unset, in words; null if there is a `fallback`. */
  readonly otherwise: string | null;
  /** The value of the text, or of the fallback without a text. Undefined if the text is not acceptable. */
  value(text: string | undefined): T | undefined;
}

export const sections = [
  'Server',
  'Database',
  'Secrets',
  'Text messages',
  'Email',
  'Links and accounts',
  'Providers',
  'Browsers and proxies',
  'Limits',
  'Log',
  'Metrics',
  'Command line',
] as const;
export type Section = (typeof sections)[number];

export interface About<T> {
  readonly section: Section;
  readonly meaning: string;
  readonly parser: Parser<T>;
  readonly isSecret?: true;
}

/** A setting with a default. */
export function setting<T>(name: string, about: About<T> & { readonly fallback: string }): Setting<T> {
  return {
    isSecret: false,
    ...about,
    name,
    otherwise: null,
    value: (text) => about.parser.parse(text ?? about.fallback),
  };
}

/** A setting that may stay unset; `otherwise` says what happens then. */
export function optional<T>(
  name: string,
  about: About<T> & { readonly otherwise: string },
): Setting<T | null> {
  return {
    isSecret: false,
    ...about,
    name,
    fallback: null,
    value: (text) => (text === undefined ? null : about.parser.parse(text)),
  };
}
