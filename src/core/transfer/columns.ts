/** The columns of an import and an export: what a user is outside of Roster. An import may leave any of them out. */

export const transferColumns = [
  'external_id',
  'email',
  'password_hash',
  'first_name',
  'last_name',
  'phone',
  'date_of_birth',
  'language',
  'timezone',
  'role',
  'status',
  'clinical',
  'confirmed_at',
  'created_at',
] as const;

export type TransferColumn = (typeof transferColumns)[number];

const known: ReadonlySet<string> = new Set(transferColumns);

export function isTransferColumn(name: string): name is TransferColumn {
  return known.has(name);
}
