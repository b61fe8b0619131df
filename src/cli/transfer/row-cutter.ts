/**
 * Finds the begin and the end of the rows of an input, in bytes. A row of NDJSON is a line; a row of CSV continues over
 * line breaks between quotes. A quote without an end spoils only its own line, never the lines after it, and no row
 * is longer than 64 KiB.
 */

export const formats = ['csv', 'ndjson'] as const;
export type Format = (typeof formats)[number];

/** The format that the extension of a file name says; null where it says none. */
export function formatOf(name: string): Format | null {
  if (/\.csv$/i.test(name)) return 'csv';
  return /\.(ndjson|jsonl)$/i.test(name) ? 'ndjson' : null;
}

/** A row from `begin` to `end` of the window, on `lines` lines; the next row begins at `next`. */
export interface Cut {
  readonly begin: number;
  readonly end: number;
  readonly next: number;
  readonly lines: number;
  /** Absent where the row can be read. The end of a row that is `too_long` may not be in the window yet. */
  readonly problem?: 'malformed' | 'too_long';
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const quote = 0x22;

/** Far more than any correct row. */
export const rowBytesMax = 65_536;

/** The row that begins at `begin`; null where more of the input is needed to find its end. */
export function cutRow(bytes: Buffer, begin: number, format: Format, isLast: boolean): Cut | null {
  const feed = bytes.indexOf(lineFeed, begin);
  const lineEnd = feed === -1 ? bytes.length : feed;
  if (lineEnd - begin > rowBytesMax) {
    return { begin, end: begin, next: lineEnd, lines: 1, problem: 'too_long' };
  }
  if (feed === -1 && !isLast) return null;
  if (format === 'ndjson') return cutAt(bytes, begin, lineEnd);
  const end = findCsvEnd(bytes, begin, lineEnd, isLast);
  if (end !== null && end - begin <= rowBytesMax) return cutAt(bytes, begin, end);
  if (end === null && !isLast && bytes.length - begin <= rowBytesMax) return null;
  return cutFirstLine(bytes, begin);
}

/** The first line of bytes that cannot be a row: only this line is spoiled, not the lines after it. */
export function cutFirstLine(bytes: Buffer, begin: number): Cut {
  const feed = bytes.indexOf(lineFeed, begin);
  return { ...cutAt(bytes, begin, feed === -1 ? bytes.length : feed), problem: 'malformed' };
}

/** The line break outside of quotes that ends the record; null where the window ends before it. */
function findCsvEnd(bytes: Buffer, begin: number, lineEnd: number, isLast: boolean): number | null {
  let end = lineEnd;
  for (let from = begin; ; ) {
    const open = bytes.subarray(from, end).indexOf(quote);
    if (open === -1) return end;
    const close = bytes.indexOf(quote, from + open + 1);
    if (close === -1) return null;
    from = close + 1;
    if (close > end) end = bytes.indexOf(lineFeed, from);
    if (end === -1) {
      if (!isLast) return null;
      end = bytes.length;
    }
  }
}

function cutAt(bytes: Buffer, begin: number, feed: number): Cut {
  let lines = 1;
  for (
    let at = bytes.indexOf(lineFeed, begin);
    at !== -1 && at < feed;
    at = bytes.indexOf(lineFeed, at + 1)
  ) {
    lines += 1;
  }
  const end = feed > begin && bytes[feed - 1] === carriageReturn ? feed - 1 : feed;
  return { begin, end, next: Math.min(feed + 1, bytes.length), lines };
}
