/**
 * Lines of CSV (RFC 4180) and their fields, in both directions; what is read may also have a semicolon or a tab as
 * separator. `row-cutter.ts` decides which bytes are a record.
 */

/** The separators that an input may have; what is written has commas. */
export const separators = [',', ';', '\t'] as const;
export type Separator = (typeof separators)[number];

/** The fields of a record, without the line break at its end; null where its quotes are wrong. */
export function splitCsv(record: string, separator: Separator = ','): string[] | null {
  if (!record.includes('"')) return record.split(separator);
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    const isQuoted = record[at] === '"';
    const field = isQuoted ? readQuoted(record, at + 1) : readBare(record, at, separator);
    if (field === null) return null;
    fields.push(field.text);
    at = field.end;
    if (at === record.length) return fields;
    if (record[at] !== separator) return null;
  }
}

interface Field {
  readonly text: string;
  /** The offset after the field. The separator or the end of the record must be there. */
  readonly end: number;
}

function readQuoted(record: string, begin: number): Field | null {
  let text = '';
  for (let from = begin; ; ) {
    const quote = record.indexOf('"', from);
    if (quote === -1) return null;
    text += record.slice(from, quote);
    if (record[quote + 1] !== '"') return { text, end: quote + 1 };
    text += '"';
    from = quote + 2;
  }
}

function readBare(record: string, begin: number, separator: Separator): Field | null {
  const next = record.indexOf(separator, begin);
  const end = next === -1 ? record.length : next;
  const text = record.slice(begin, end);
  return text.includes('"') ? null : { text, end };
}

const special = /[",\r\n]/;

/** A record with the line break at its end, for `splitCsv` and `fieldValue`. Null is an empty field; so is an empty text. */
export function toCsvLine(values: readonly (string | null)[]): string {
  let line = '';
  for (const value of values) {
    if (value !== null) {
      const field = isFormula(value) ? `'${value}` : value;
      line += special.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
    }
    line += ',';
  }
  return `${line.slice(0, -1)}\n`;
}

/**
 * Begins of cells that a spreadsheet runs as a formula, also in full-width and small forms and behind blanks (OWASP, "CSV
 * Injection"). An apostrophe before them makes them a text. Begins that already have one get another, so that each
 * value has a form of its own.
 */
const formula = /^'*[\s\p{Cc}\p{Cf}]*[\t\r\n=+\-@\uFF1D\uFF0B\uFF0D\uFF20\uFE66\uFE62\uFE63\uFE6B\u2212]/u;

const apostrophe = 0x27;

/** Nearly every value begins with a digit or a letter of ASCII, which is quickly seen. */
function isFormula(value: string): boolean {
  const first = value.charCodeAt(0);
  const isPlain = first >= 0x30 && first < 0x7f && first !== 0x3d && first !== 0x40;
  return !isPlain && formula.test(value);
}

/** The value of a field: without the apostrophe that makes a text of a formula. */
export function fieldValue(field: string): string {
  const isQuoted = field.charCodeAt(0) === apostrophe;
  return isQuoted && formula.test(field) ? field.slice(1) : field;
}
