/**
 * SQLite's pages as bytes, by its documented file format (https://www.sqlite.org/fileformat2.html): only the room
 * that a page of a tree has left between its pointers and its cells. `secure_delete` overwrites what is deleted, but
 * where SQLite builds a page anew its former cells may stay behind in that room, and what is deleted later is
 * overwritten in one place of two. Pure: nothing here reads or writes files.
 */
/** What a page holds: rows of a table, or entries of an index. */
export type PageKind = 'table' | 'index';

/** The room of a page in which something is left. */
export interface Leftover {
  /** The page's number in the file, from 1. */
  readonly page: number;
  readonly kind: PageKind;
  readonly bytes: Buffer;
}

/** A page of a table's rows. */
export interface LeafPage {
  /** The rows' numbers and the sizes of their cells, by place in the file: the last one first. */
  readonly cells: readonly { readonly rowid: number; readonly bytes: number }[];
  /** The room between pointers and cells, and the largest of the holes between cells. */
  readonly gapBytes: number;
  readonly holeBytesMax: number;
}

const innerIndexType = 2;
const leafIndexType = 10;
const leafTableType = 13;
const indexTypes = new Set([innerIndexType, leafIndexType]);
const leafTypes = new Set([leafIndexType, leafTableType]);
const fileHeaderBytes = 100;

/**
 * Every leftover in whole pages that follow each other; `first` is the number of the first one. Their bytes are those
 * of `pages`, and change with them.
 */
export function leftoversIn(pages: Buffer, first: number, pageBytes: number): Leftover[] {
  const zeros = Buffer.alloc(pageBytes);
  const leftovers: Leftover[] = [];
  for (let at = 0; at + pageBytes <= pages.length; at += pageBytes) {
    const page = first + at / pageBytes;
    const head = at + (page === 1 ? fileHeaderBytes : 0);
    const type = pages[head] ?? 0;
    // The inner pages of a table hold nothing but row numbers, and in their room nothing of a leaf.
    if (type !== leafTableType && !indexTypes.has(type)) continue;
    const gap = gapOf(pages, at, head, type, pageBytes);
    if (gap === null) continue;
    const from = skipPointers(pages, gap.start, gap.end);
    if (from >= gap.end || pages.compare(zeros, 0, gap.end - from, from, gap.end) === 0) continue;
    const kind = type === leafTableType ? 'table' : 'index';
    leftovers.push({ page, kind, bytes: pages.subarray(gap.start, gap.end) });
  }
  return leftovers;
}

function gapOf(
  pages: Buffer,
  at: number,
  head: number,
  type: number,
  pageBytes: number,
): { start: number; end: number } | null {
  const cells = pages.readUInt16BE(head + 3);
  const start = head + (leafTypes.has(type) ? 8 : 12) + 2 * cells;
  const end = at + (pages.readUInt16BE(head + 5) || 65_536);
  // Another kind of page may begin with the same number.
  return start <= end && end <= at + pageBytes ? { start, end } : null;
}

/** Pointers of former cells are small numbers, and tell nothing. Text is larger than any of them. */
function skipPointers(pages: Buffer, start: number, end: number): number {
  let at = start;
  while (at + 1 < end && pages.readUInt16BE(at) <= 4_096) at += 2;
  return at + 1 === end && pages[at] === 0 ? end : at;
}

/** What a page of a table's rows is made of; null where it is none. */
export function readLeafPage(page: Buffer): LeafPage | null {
  if (page[0] !== leafTableType) return null;
  const gap = gapOf(page, 0, 0, leafTableType, page.length);
  if (gap === null) return null;
  const pointers = Array.from({ length: page.readUInt16BE(3) }, (_, index) =>
    page.readUInt16BE(8 + 2 * index),
  );
  let holeBytesMax = 0;
  for (let hole = page.readUInt16BE(1), count = 0; hole !== 0 && count < page.length; count++) {
    holeBytesMax = Math.max(holeBytesMax, page.readUInt16BE(hole + 2));
    hole = page.readUInt16BE(hole);
  }
  const cells = pointers
    .sort((left, right) => right - left)
    .map((at) => {
      const [payload, afterPayload] = readVarint(page, at);
      const [rowid, afterRowid] = readVarint(page, afterPayload);
      return { rowid, bytes: afterRowid - at + payload };
    });
  return { cells, gapBytes: gap.end - gap.start, holeBytesMax };
}

/** A number of one to nine bytes, and where it ends. Exact up to 2^53. */
export function readVarint(bytes: Buffer, from: number): [value: number, end: number] {
  let value = 0;
  for (let at = from; at < from + 8; at++) {
    const byte = bytes[at] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + 1];
  }
  return [value * 256 + (bytes[from + 8] ?? 0), from + 9];
}
