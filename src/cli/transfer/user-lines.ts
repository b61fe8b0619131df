/** Writes a user of an export as a line of CSV or NDJSON, in the form that an import reads. */
import { userColumns } from '../../core/directory/user.ts';
import { toMillisecondText } from '../../core/time.ts';
import { transferredColumns } from '../../core/transfer/columns.ts';
import { toCsvLine } from '../../core/transfer/csv.ts';
import type { ExportedUser } from '../../core/transfer/export.ts';
import { oneLine, safeJson } from '../terminal-text.ts';
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

export interface UserLinesOptions {
  readonly hasHashes: boolean;
  /** On a terminal control characters become blanks in CSV, and are escaped in NDJSON. */
  readonly isForTerminal: boolean;
}

export function createUserLines(format: Format, { hasHashes, isForTerminal }: UserLinesOptions): UserLines {
  const shown = fields.filter(({ column }) => hasHashes || column !== 'passwordHash');
  if (format === 'csv') {
    const toCell = (value: ReturnType<typeof shownValue>): string | null => {
      if (value === null) return null;
      return isForTerminal ? oneLine(String(value)) : String(value);
    };
    return {
      head: toCsvLine(shown.map(({ name }) => name)),
      toLine: (user) => toCsvLine(shown.map((field) => toCell(shownValue(user, field)))),
    };
  }
  return {
    head: '',
    toLine(user) {
      const row: Record<string, unknown> = {};
      for (const field of shown) row[field.name] = shownValue(user, field);
      const json = JSON.stringify(row);
      return `${isForTerminal ? safeJson(json) : json}\n`;
    },
  };
}

function shownValue(user: ExportedUser, { column, isInstant }: (typeof fields)[number]) {
  const value = user[column];
  return isInstant && typeof value === 'number' ? toMillisecondText(value) : value;
}
