/**
 * Packs the rows of an import to send them from one thread to another: column by column, because a copy of a few
 * long arrays costs a third of a copy of an object for each user, which repeats the name of every column.
 */
import type { NewUser } from '../../core/directory/user.ts';
import { type TransferredColumn, transferredColumns } from '../../core/transfer/columns.ts';
import type { ImportRows } from '../../core/transfer/import-row.ts';

/** For each column that is sent, the values of all users in their order. */
type ColumnValues = Readonly<
  Record<TransferredColumn, readonly unknown[]> & Partial<Record<keyof NewUser, readonly unknown[]>>
>;

export interface PackedRows extends Omit<ImportRows, 'users'> {
  /** The first user; null where there are no users. All users share its values in the columns that are not sent. */
  readonly first: NewUser | null;
  readonly columns: ColumnValues;
}

/** Sends a column that no row can set, such as the app, only where the users differ in it. */
export function packRows({ users, ...rest }: ImportRows): PackedRows {
  const [first = null] = users;
  const columns: Partial<Record<keyof NewUser, unknown[]>> = {};
  for (const name of transferredColumns) columns[name] = users.map((user) => user[name]);
  for (const name of columnsOf(first ?? {})) {
    const isSent = name in columns || users.every((user) => user[name] === first?.[name]);
    if (!isSent) columns[name] = users.map((user) => user[name]);
  }
  return { ...rest, first, columns: columns as ColumnValues };
}

export function unpackRows({ first, columns, ...rest }: PackedRows): ImportRows {
  // There is a line for each user.
  const users = rest.lines.map((): Record<string, unknown> => ({ ...first }));
  for (const name of columnsOf(columns)) {
    const values = columns[name] ?? [];
    for (const [at, user] of users.entries()) {
      if (values[at] === undefined) throw new Error('a column of rows is shorter than the others');
      user[name] = values[at];
    }
  }
  return { ...rest, users: users as NewUser[] };
}

function columnsOf(row: Partial<Record<keyof NewUser, unknown>>): (keyof NewUser)[] {
  return Object.keys(row) as (keyof NewUser)[];
}
