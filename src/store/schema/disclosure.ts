/**
 * What an export of one person does with each column: the registry is in `person-export.ts`, the reasons are here. A
 * column of personal data is shown or held; only a column that says nothing about a person may be left out as `inner`.
 */
import type { Disclosure } from '../../core/person-export/person-data.ts';
import type { Content, tables } from './personal-data.ts';

type Tables = typeof tables;
type ContentOf<T extends keyof Tables> = Tables[T]['columns'][keyof Tables[T]['columns']];

/** Whether every column of the table is `plain`. */
type IsPlain<T extends keyof Tables> = ContentOf<T> extends 'plain' ? true : false;

/** A column that says nothing about a person: a key, a version, the state of a job. */
export const inner = { as: 'inner' } as const;
export const value = { as: 'value' } as const;
export const time = { as: 'time' } as const;
export const flag = { as: 'flag' } as const;

export function held(why: string) {
  return { as: 'held', why } as const;
}

export function opened(why: string) {
  return { as: 'opened', why } as const;
}

export function own(why: string) {
  return { as: 'own', why } as const;
}

type ColumnRule<C> = C extends 'plain' ? Disclosure | typeof inner : Disclosure;

type ColumnRules<T extends keyof Tables> = {
  readonly [Column in keyof Tables[T]['columns']]: ColumnRule<Tables[T]['columns'][Column]>;
};

/**
 * A table with rows about users. `by` is the column that names them, and `key` orders the rows of one name, without two that
 * are equal.
 */
interface PersonRule<T extends keyof Tables> {
  readonly about: 'users';
  readonly namedBy: 'user' | 'digest' | 'connection' | 'record';
  readonly by: keyof Tables[T]['columns'] & string;
  readonly key: keyof Tables[T]['columns'] & string;
  readonly keyKind: 'text' | 'number';
  readonly columns: ColumnRules<T>;
}

/** A table that an export leaves out, though it can name a user. `why` is for the reader of the registry and of the export. */
interface LeftOut {
  readonly about: 'none';
  readonly why: string;
}

/** A table with a column that is not `plain` has a line; another table may have one. */
export type ExportRegistry = {
  readonly [T in keyof Tables as IsPlain<T> extends true ? never : T]: PersonRule<T> | LeftOut;
};

/** The names of columns that neither show a personal value nor say why it is held. */
export function undisclosed(
  columns: Readonly<Record<string, Content>>,
  rules: Readonly<Record<string, Disclosure | typeof inner>>,
): readonly string[] {
  return Object.entries(columns).flatMap(([name, content]) => {
    const rule = rules[name];
    const isMissing = rule === undefined || (rule.as === 'inner' && content !== 'plain');
    return isMissing ? [name] : [];
  });
}

const compared = 'only compared with what comes in, and says nothing that can be read';

export const secretHash = held('the hash of a secret: it would help to guess the secret');
export const codeDigest = held(`the digest of a code or a link; it is ${compared}`);
export const addressDigest = held(`a keyed digest of an address or of the account; it is ${compared}`);
export const networkDigest = held(`a keyed digest of a network; it is ${compared}`);
export const requestDigest = held(`a keyed digest of a request; it is ${compared}`);
export const grants = held(
  'what a provider gave so that this directory may read there; it would give that access away',
);
