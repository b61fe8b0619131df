/** Writes a user of an export as a line of CSV or NDJSON, in the form that an import reads. */
import { userColumns } from '../../core/directory/user.ts';
import { toMillisecondText } from '../../core/time.ts';
import { transferredColumns } from '../../core/transfer/columns.ts';
import type { ExportedUser } from '../../core/transfer/export.ts';
import { toCsvLine } from './csv.ts';
import type { Format } from './row-cutter.ts';

export interface UserLines {
  /** The text before the first user. */
  readonly head: string;
  toLine(user: ExportedUser): string;
}

const fields = transferredColumns.map((column) => {
  const { transfer, kind } = userColumns[column];
  return { column, name: transfer, isInstant: kind === 'instant' };
});

export function createUserLines(format: Format, options: { readonly hasHashes: boolean }): UserLines {
  const shown = fields.filter(({ column }) => options.hasHashes || column !== 'passwordHash');
  if (format === 'csv') {
    return {
      head: toCsvLine(shown.map(({ name }) => name)),
      toLine: (user) => toCsvLine(shown.map((field) => toText(shownValue(user, field)))),
    };
  }
  return {
    head: '',
    toLine(user) {
      const row: Record<string, unknown> = {};
      for (const field of shown) row[field.name] = shownValue(user, field);
      return `${JSON.stringify(row)}\n`;
    },
  };
}

function shownValue(user: ExportedUser, { column, isInstant }: (typeof fields)[number]) {
  const value = user[column];
  return isInstant && typeof value === 'number' ? toMillisecondText(value) : value;
}

function toText(value: ReturnType<typeof shownValue>): string | null {
  return value === null ? null : String(value);
}
