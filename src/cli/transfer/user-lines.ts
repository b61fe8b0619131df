/** A user of an export as a line of CSV or NDJSON, such as an import reads. */
import { toMillisecondText } from '../../core/time.ts';
import { type TransferColumn, transferColumns } from '../../core/transfer/columns.ts';
import type { ExportedUser } from '../../core/transfer/export.ts';
import { toCsvLine } from './csv.ts';
import type { Format } from './row-cutter.ts';

export interface UserLines {
  /** What stands before the first user. */
  readonly head: string;
  toLine(user: ExportedUser): string;
}

export function createUserLines(format: Format, options: { readonly hasHashes: boolean }): UserLines {
  const { hasHashes } = options;
  if (format === 'ndjson') {
    return { head: '', toLine: (user) => `${JSON.stringify(toRow(user, hasHashes))}\n` };
  }
  const columns = transferColumns.filter((column) => hasHashes || column !== 'password_hash');
  return {
    head: toCsvLine(columns),
    toLine(user) {
      const row = toRow(user, hasHashes);
      const fields = [
        row.external_id,
        row.email,
        row.first_name,
        row.last_name,
        row.phone,
        row.date_of_birth,
        row.language,
        row.timezone,
        row.role,
        row.status,
        row.clinical ? 'true' : 'false',
        row.confirmed_at,
        row.created_at,
      ];
      if (row.password_hash !== undefined) fields.splice(2, 0, row.password_hash);
      return toCsvLine(fields);
    },
  };
}

function toRow(user: ExportedUser, hasHashes: boolean) {
  return {
    external_id: user.externalId,
    email: user.email,
    ...(hasHashes ? { password_hash: user.passwordHash } : {}),
    first_name: user.firstName,
    last_name: user.lastName,
    phone: user.phone,
    date_of_birth: user.dateOfBirth,
    language: user.language,
    timezone: user.timezone,
    role: user.role,
    status: user.status,
    clinical: user.isClinical,
    confirmed_at: user.confirmedAt === null ? null : toMillisecondText(user.confirmedAt),
    created_at: toMillisecondText(user.createdAt),
  } satisfies Partial<Record<TransferColumn, unknown>>;
}
