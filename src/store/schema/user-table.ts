/**
 * The table of users, derived from the list of a user's columns (`userColumns` in `core/directory/user.ts`). A
 * column of the table has the name of the user's column in snake case: `isTemplate` is in `is_template`. Three
 * columns belong to the table alone, and the app stands in it by its internal key.
 */
import type { Generated, GeneratedAlways } from 'kysely';
import { type User, userColumnNames, userColumns } from '../../core/directory/user.ts';
import type { Flag } from './flag.ts';

type SnakeCase<Text extends string> = Text extends `${infer Letter}${infer Rest}`
  ? `${Letter extends Lowercase<Letter> ? Letter : `_${Lowercase<Letter>}`}${SnakeCase<Rest>}`
  : '';

/** The column of the table that holds a column of a user. */
type ColumnOf<F extends keyof User> = F extends 'appId' ? 'app_key' : SnakeCase<F>;

type StoredValue<F extends keyof User> = F extends 'appId'
  ? number
  : User[F] extends boolean
    ? Flag
    : User[F];

export type UserTable = { [F in keyof User as ColumnOf<F>]: StoredValue<F> } & {
  seq: Generated<number>;
  /** The same number, under the name that orders lists. */
  position: GeneratedAlways<number>;
  /** The form of the email that is compared and kept unique. */
  email_canonical: string | null;
};

/** The name in the table of each column of a user. */
export const tableColumns = Object.fromEntries(
  userColumnNames.map((name) => [name, name === 'appId' ? 'app_key' : toSnakeCase(name)]),
) as { readonly [F in keyof User]: ColumnOf<F> };

/** What each column of the table holds of a person, for the registry of personal data. */
export const userContents = {
  seq: 'plain',
  position: 'plain',
  email_canonical: 'personal',
  ...(Object.fromEntries(userColumnNames.map((name) => [tableColumns[name], userColumns[name].holds])) as {
    readonly [F in keyof User as ColumnOf<F>]: (typeof userColumns)[F]['holds'];
  }),
} as const;

/**
 * The columns of a user that stand in an index, each with all the columns of the table that change with it. A
 * column that gets an index must be named here: an update writes the entries of an index only where it has to.
 */
export const indexedColumns = {
  externalId: ['external_id'],
  email: ['email', 'email_canonical'],
  role: ['role'],
  status: ['status'],
  emailRequestedAt: ['email_requested_at'],
} as const satisfies Partial<Record<keyof User, readonly (keyof UserTable)[]>>;

function toSnakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
