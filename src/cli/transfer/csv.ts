/** Lines of CSV (RFC 4180) and their fields, in both directions. `row-cutter.ts` decides which bytes are a record. */

/** The fields of a record, without the line break at its end; null where its quotes are wrong. */
export function splitCsv(record: string): string[] | null {
  if (!record.includes('"')) return record.split(',');
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    const isQuoted = record[at] === '"';
    const field = isQuoted ? readQuoted(record, at + 1) : readBare(record, at);
    if (field === null) return null;
    fields.push(field.text);
    at = field.end;
    if (at === record.length) return fields;
    if (record[at] !== ',') return null;
  }
}

interface Field {
  readonly text: string;
  /** The offset after the field. A comma or the end of the record must be there. */
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

function readBare(record: string, begin: number): Field | null {
  const comma = record.indexOf(',', begin);
  const end = comma === -1 ? record.length : comma;
  const text = record.slice(begin, end);
  return text.includes('"') ? null : { text, end };
}

const special = /[",\r\n]/;

/** A record with the line break at its end. Null is an empty field; so is an empty text. */
export function toCsvLine(fields: readonly (string | null)[]): string {
  let line = '';
  for (const field of fields) {
    if (field !== null) line += special.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
    line += ',';
  }
  return `${line.slice(0, -1)}\n`;
}
