/**
 * Reads the rows of an input one batch after the other, in the form that the core takes: each row with its line, or the
 * fault of the line. A faulty row spoils no other row. Only the bytes of one batch are in memory.
 */
import { isUtf8 } from 'node:buffer';
import { isVisible } from '../../core/directory/visible-text.ts';
import { isTransferColumn, type TransferColumn } from '../../core/transfer/columns.ts';
import { fieldValue, type Separator, splitCsv } from '../../core/transfer/csv.ts';
import type { ImportBatch } from '../../core/transfer/import.ts';
import type { ImportProgress, RowFault } from '../../core/transfer/import-progress.ts';
import { type ImportLine, type ImportRow, saysNothing } from '../../core/transfer/import-row.ts';
import { CommandError } from '../command.ts';
import {
  type CsvHeader,
  checkColumns,
  foreignBytes,
  readHeader,
  readSeparatorLine,
  refuseForeign,
  refuseUnreadable,
} from './csv-header.ts';
import { InputWindow } from './input-window.ts';
import { type Cut, cutFirstLine, cutRow, type Format } from './row-cutter.ts';

/** A batch ends at this size, also with few rows, because rows may be long. */
const batchBytesMax = 4 * 1024 * 1024;

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const faults = {
  malformed: { field: '', reason: 'malformed' },
  tooLong: { field: '', reason: 'too_long' },
  notUtf8: { field: '', reason: 'not_utf8' },
  wrongColumns: { field: '', reason: 'wrong_columns' },
} as const satisfies Record<string, RowFault>;

/** The next rows before their values are read, and the position of the input after them. */
export interface CutRows extends Pick<ImportBatch, 'reached'> {
  readonly items: readonly ImportLine[];
}

export class RowReader {
  readonly format: Format;
  readonly #window: InputWindow;
  /** The separator and the columns of CSV; without columns for NDJSON. */
  #header: CsvHeader = { separator: ',', columns: [] };
  #lines = 0;

  private constructor(window: InputWindow, format: Format) {
    this.#window = window;
    this.format = format;
  }

  /**
   * Begins to read. Without a `format`, the first byte decides. Throws a `CommandError` where the begin shows that the
   * input cannot be imported: no header, unknown columns, no JSON, no UTF-8.
   */
  static async open(input: AsyncIterable<Buffer>, format: Format | null): Promise<RowReader> {
    const window = new InputWindow(input);
    while (window.bytes.length < foreignBytes && (await window.more()));
    refuseForeign(window.bytes);
    if (window.bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark))
      window.pass(byteOrderMark.length);
    const isJson = /^\s*[{[]/.test(window.bytes.toString('latin1'));
    const reader = new RowReader(window, format ?? (isJson ? 'ndjson' : 'csv'));
    await (reader.format === 'csv' ? reader.#readHeader() : reader.#checkFirst());
    return reader;
  }

  /** SHA-256 in hex of all bytes that are done. */
  digest(): string {
    return this.#window.digest();
  }

  /** Resumes where an import stopped. Throws a `CommandError` where the input is another one. */
  async skipTo({ bytes, lines, digest }: ImportProgress): Promise<void> {
    if (bytes === 0) return;
    const isThere = await this.#window.passTo(bytes);
    if (!isThere || this.#window.done !== bytes || this.#window.digest() !== digest) {
      throw new CommandError('this is not the input that the import began with');
    }
    this.#lines = lines;
  }

  /** The next rows, at most `max`, of about `bytesMax` bytes; no items at the end of the input. */
  async read(max: number, bytesMax = batchBytesMax): Promise<CutRows> {
    const items: ImportLine[] = [];
    let at = 0;
    while (items.length < max && at < bytesMax) {
      const found = await this.#cut(at);
      if (found === null) break;
      const line = this.#lines + 1;
      const { cut, item } = this.#readItem(line, found);
      this.#lines += cut.lines;
      at = cut.next;
      if (item !== null) items.push(item);
      if (cut.problem === 'too_long') {
        await this.#passLine(at);
        at = 0;
      } else if (items.length === 0 && at >= bytesMax) {
        // Many empty lines are not the end of the input.
        this.#window.pass(at);
        at = 0;
      }
    }
    this.#window.pass(at);
    const reached = { bytes: this.#window.done, lines: this.#lines, digest: this.#window.digest() };
    return { items, reached };
  }

  /** Stops reading. */
  close(): Promise<void> {
    return this.#window.close();
  }

  /** The row at that offset of the window; null at the end of the input. */
  async #cut(at: number): Promise<Cut | null> {
    for (;;) {
      const { bytes, isLast } = this.#window;
      const cut = at < bytes.length ? cutRow(bytes, at, this.format, isLast) : null;
      if (cut !== null || isLast) return cut;
      await this.#window.more();
    }
  }

  /** Skips the rest of a line that is too long. */
  async #passLine(at: number): Promise<void> {
    const window = this.#window;
    window.pass(at);
    for (;;) {
      const end = window.bytes.indexOf(0x0a);
      window.pass(end === -1 ? window.bytes.length : end + 1);
      if (end !== -1 || !(await window.more())) return;
    }
  }

  /** The row or its fault, null for an empty line, and the bytes that it takes. */
  #readItem(line: number, cut: Cut): { readonly cut: Cut; readonly item: ImportLine | null } {
    if (cut.problem === 'malformed') return { cut, item: { line, fault: faults.malformed } };
    if (cut.problem === 'too_long') return { cut, item: { line, fault: faults.tooLong } };
    if (cut.begin === cut.end) return { cut, item: null };
    const text = this.#textOf(cut);
    if (text === null) return { cut, item: { line, fault: faults.notUtf8 } };
    const parsed = this.format === 'csv' ? readCsvRow(text, this.#header) : readJsonRow(text);
    if ('row' in parsed) return { cut, item: { line, row: parsed.row } };
    const isSpoiled = parsed.fault === faults.malformed;
    return {
      cut: isSpoiled ? cutFirstLine(this.#window.bytes, cut.begin) : cut,
      item: { line, fault: parsed.fault },
    };
  }

  #textOf({ begin, end }: Cut): string | null {
    const { bytes } = this.#window;
    const text = bytes.toString('utf8', begin, end);
    // Bytes that are not UTF-8 become this character; the input may also contain the character itself.
    return !text.includes('\uFFFD') || isUtf8(bytes.subarray(begin, end)) ? text : null;
  }

  async #readHeader(): Promise<void> {
    for (let separator: Separator | null = null; ; ) {
      const first = await this.#findFirst();
      if (first === null)
        throw new CommandError('the input is empty: CSV begins with a line of column names');
      refuseUnreadable(first.line);
      if (first.text === null) throw new CommandError('the first line is no line of column names');
      this.#lines += first.lines;
      this.#window.pass(first.next);
      const named: Separator | null = separator === null ? readSeparatorLine(first.text) : null;
      separator ??= named;
      const header = named === null ? readHeader(first.text, separator) : null;
      if (header === null) continue;
      this.#header = header;
      return;
    }
  }

  /** Checks the first row without taking it. */
  async #checkFirst(): Promise<void> {
    const first = await this.#findFirst();
    if (first === null) return;
    const value = first.text === null ? null : parseObject(first.text);
    if (value === null) {
      refuseUnreadable(first.line);
      throw new CommandError('the first line is no JSON object: NDJSON has one on each line');
    }
    checkColumns(Object.keys(value));
  }

  /** The first row of the window that is not empty; null where the input ends before it. */
  async #findFirst(): Promise<FirstRow | null> {
    for (let next = 0, lines = 0; ; ) {
      const cut = await this.#cut(next);
      if (cut === null) return null;
      const isTooLong = cut.problem === 'too_long';
      const line = this.#window.bytes.subarray(cut.begin, isTooLong ? cut.next : cut.end);
      next = cut.next;
      lines += cut.lines;
      if (line.length > 0) {
        return { line, text: cut.problem === undefined ? this.#textOf(cut) : null, next, lines };
      }
    }
  }
}

interface FirstRow {
  readonly line: Buffer;
  /** Null where it cannot be read. */
  readonly text: string | null;
  /** Where the next row begins, and how many lines are before it. */
  readonly next: number;
  readonly lines: number;
}

type ParsedRow = { readonly row: ImportRow } | { readonly fault: RowFault };

/** An empty field gives no value, quoted or not. Cells without a column are accepted where they are blank. */
function readCsvRow(text: string, { separator, columns }: CsvHeader): ParsedRow {
  const fields = splitCsv(text, separator);
  if (fields === null) return { fault: faults.malformed };
  const row: Partial<Record<TransferColumn, unknown>> = {};
  for (let at = 0; at < fields.length; at++) {
    const column = columns[at] ?? null;
    const field = fields[at];
    if (field === undefined || field === '') continue;
    if (column !== null) row[column] = column === 'clinical' ? readBeside(field) : fieldValue(field);
    else if (isVisible(field)) return { fault: faults.wrongColumns };
  }
  return fields.length < columns.length && !saysNothing(row) ? { fault: faults.wrongColumns } : { row };
}

/** True and false in any case, as spreadsheets write them; another text is left to the rules of the column. */
function readBeside(field: string): string | boolean {
  return flags.get(field) ?? flags.get(field.trim().toLowerCase()) ?? field;
}

const flags: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

function readJsonRow(text: string): ParsedRow {
  if (!isVisible(text)) return { row: {} };
  const row = parseObject(text);
  if (row === null) return { fault: faults.malformed };
  for (const name in row) {
    // The name is the caller's and may contain anything, so it is not repeated.
    if (!isTransferColumn(name)) return { fault: { field: '', reason: 'unknown_column' } };
  }
  return { row };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
