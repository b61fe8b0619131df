/**
 * Reads the begin of an input of CSV: an optional line `sep=;`, and the line of column names, which shows the separator
 * and what each cell of a row is. Recognises inputs that are no text in UTF-8, and says how to convert them.
 */
import { isUtf8 } from 'node:buffer';
import { stripInvisible } from '../../core/directory/visible-text.ts';
import { isTransferColumn, type TransferColumn, transferColumns } from '../../core/transfer/columns.ts';
import { type Separator, separators, splitCsv } from '../../core/transfer/csv.ts';
import { CommandError } from '../command.ts';

export interface CsvHeader {
  readonly separator: Separator;
  /**
   * For each cell of a row, its column; null where the column has no name, so that its cells must be empty. The last one
   * has a name: spreadsheets write empty cells at the end of some rows and leave them out of others.
   */
  readonly columns: readonly (TransferColumn | null)[];
}

const utf16 =
  'the input is UTF-16: save it as UTF-8 (a spreadsheet calls it "CSV UTF-8"), or convert it with `iconv -f UTF-16 -t UTF-8`';

const archive = 'the input is a spreadsheet or another archive: save its table as CSV in UTF-8';
const compressed = 'the input is compressed: decompress it first';

/** Inputs that their first bytes show, with what to do. */
const foreign: readonly (readonly [begin: readonly number[], advice: string])[] = [
  [[0xff, 0xfe], utf16],
  [[0xfe, 0xff], utf16],
  // ZIP (`.xlsx`, `.ods`), also an empty one; the compound files of older spreadsheets (`.xls`); 7-Zip.
  [[0x50, 0x4b, 0x03, 0x04], archive],
  [[0x50, 0x4b, 0x05, 0x06], archive],
  [[0xd0, 0xcf, 0x11, 0xe0], archive],
  [[0x37, 0x7a, 0xbc, 0xaf], archive],
  [[0x1f, 0x8b], 'the input is compressed: decompress it with `gzip -d`'],
  // bzip2, xz, Zstandard.
  [[0x42, 0x5a, 0x68], compressed],
  [[0xfd, 0x37, 0x7a, 0x58], compressed],
  [[0x28, 0xb5, 0x2f, 0xfd], compressed],
];

/** How many bytes of an input `refuseForeign` needs. */
export const foreignBytes = 4;

/** Throws a `CommandError` with one line of advice where these first bytes show that the input is no text in UTF-8. */
export function refuseForeign(first: Buffer): void {
  const found = foreign.find(([begin]) => begin.every((byte, at) => first[at] === byte));
  if (found !== undefined) throw new CommandError(found[1]);
  // UTF-16 without a mark: one of the first two bytes is NUL, and no header has a NUL.
  if (first.subarray(0, 2).includes(0)) throw new CommandError(utf16);
}

/** Throws a `CommandError` where a first line, without its end, is no UTF-8 or contains lines that end with CR alone. */
export function refuseUnreadable(line: Buffer): void {
  if (!isUtf8(line)) {
    throw new CommandError(
      'the first line is not UTF-8: save the input as UTF-8 (a spreadsheet calls it "CSV UTF-8")',
    );
  }
  if (/\r(?!\n)/.test(line.toString('latin1'))) {
    throw new CommandError('the lines of the input end with CR alone: save it with LF or CRLF as line ends');
  }
}

/**
 * The separator that a line `sep=;` names, also with empty cells after it; null where the line is something else.
 * Spreadsheets write and read this line.
 * Throws a `CommandError` where it names another separator.
 */
export function readSeparatorLine(text: string): Separator | null {
  const named = /^"?sep=(.?)"?\1*$/i.exec(text)?.[1];
  if (named === undefined) return null;
  const separator = separators.find((each) => each === named);
  if (separator !== undefined) return separator;
  throw new CommandError(
    `the separator ${JSON.stringify(named)} is not supported: use a comma, a semicolon or a tab`,
  );
}

/**
 * The columns of a header; null where all its cells are blank, as in the empty first rows of a spreadsheet. Without a
 * named separator, the first one in the line is the separator, because no column has one in its name.
 */
export function readHeader(text: string, named: Separator | null): CsvHeader | null {
  const separator = named ?? separators.find((each) => each === /[,;\t]/.exec(text)?.[0]) ?? ',';
  const names = splitCsv(text, separator)?.map(toColumnName);
  if (names === undefined) throw new CommandError('the first line is no line of column names');
  if (names.every((name) => name === '')) return null;
  checkColumns(names.filter((name) => name !== ''));
  const columns = names.map((name) => (isTransferColumn(name) ? name : null));
  return { separator, columns: columns.slice(0, 1 + columns.findLastIndex((column) => column !== null)) };
}

/** A name in any case is a column; an unknown name stays as it is, to be shown. */
function toColumnName(text: string): string {
  const name = stripInvisible(text);
  return isTransferColumn(name.toLowerCase()) ? name.toLowerCase() : name;
}

/** Throws a `CommandError` that names the unknown columns, or a column that is there twice. */
export function checkColumns(names: readonly string[]): void {
  const unknown = names.filter((name) => !isTransferColumn(name));
  if (unknown.length > 0) {
    const shown = unknown.map((name) => JSON.stringify(name.slice(0, 40))).join(', ');
    throw new CommandError(
      `unknown column${unknown.length > 1 ? 's' : ''} ${shown}: there is ${transferColumns.join(', ')}`,
    );
  }
  const double = names.find((name, at) => names.indexOf(name) !== at);
  if (double !== undefined) throw new CommandError(`the column "${double}" is there twice`);
}
