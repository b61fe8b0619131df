/**
 * The columns of imports and exports: the parts of a user that have a meaning outside of this directory. They are
 * the lines with a `transfer` name in the list of a user's columns. An import may leave any of them out.
 */
import type { NamesOf } from '../directory/column.ts';
import { userColumnNames, userColumns } from '../directory/user.ts';

type UserColumns = typeof userColumns;

/** A column of a user that an export shows and an import sets. */
export type TransferredColumn = NamesOf<UserColumns, { readonly transfer: string }>;

/** Its name in the file. */
export type TransferColumn = UserColumns[TransferredColumn]['transfer'];

/** The columns of a user that are transferred, in the order of an export. */
export const transferredColumns = userColumnNames.filter(
  (name): name is TransferredColumn => userColumns[name].transfer !== null,
);

/** Their names in the file, in the same order. */
export const transferColumns: readonly TransferColumn[] = transferredColumns.map(
  (name) => userColumns[name].transfer,
);

const known: ReadonlySet<string> = new Set(transferColumns);

export function isTransferColumn(name: string): name is TransferColumn {
  return known.has(name);
}
