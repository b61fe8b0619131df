/** People as CSV (RFC 4180, UTF-8): the fields of a row of the list, under their names. */
import type { PersonRow as FoundPerson } from '../../core/people/find-people.ts';
import { toCsvLine } from '../../core/transfer/csv.ts';
import { presentRow } from './people-present.ts';
import type { PersonRow } from './shapes/people.ts';

export const csvType = 'text/csv';
export const csvContentType = `${csvType}; charset=utf-8`;

const shown: Readonly<Record<keyof PersonRow, true>> = {
  ...({ id: true, number: true, appId: true, externalId: true, email: true, name: true } as const),
  ...({ phone: true, status: true, role: true, isClinicalApproved: true, confirmedAt: true } as const),
  ...({ emailProvedAt: true, phoneProvedAt: true, createdAt: true, lastLoginAt: true } as const),
};
const columns = Object.keys(shown) as (keyof PersonRow)[];

/** The file in pieces, one for each part; the first is the header line. */
export async function* toCsv(parts: AsyncIterable<readonly FoundPerson[]>): AsyncGenerator<string> {
  yield lineOf(columns);
  for await (const part of parts) {
    yield part
      .map(presentRow)
      .map((row) => lineOf(columns.map((name) => textOf(row[name]))))
      .join('');
  }
}

function textOf(value: string | number | boolean | null): string | null {
  return value === null ? null : String(value);
}

/** The lines of RFC 4180 end with CR and LF. */
function lineOf(cells: readonly (string | null)[]): string {
  return `${toCsvLine(cells).slice(0, -1)}\r\n`;
}
