/**
 * Finds the unallocated bytes of a b-tree page, by SQLite's documented file format
 * (https://www.sqlite.org/fileformat2.html#b_tree_pages): the space between the cell pointers and the cells, and
 * the freeblocks between the cells without the four bytes that link them. Fragments have at most three bytes, fewer
 * than any trace. All other bytes of a page have a meaning and must not change. Pure: it reads and writes no file,
 * and does not tell whether a page is a b-tree page (see `trees.ts`).
 */

/** Bytes of a page, from `start` up to but without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const innerTypes = new Set([2, 5]);
const leafTypes = new Set([10, 13]);
const leafHeaderBytes = 8;
const innerHeaderBytes = 12;
const freeblockHeaderBytes = 4;
const cellBytesMin = 4;
/** Page 1 begins with the header of the file. */
const fileHeaderBytes = 100;

/**
 * The unallocated ranges, in their order; none where the bytes are not formed like a b-tree page. `page` is any
 * page but the first. The last bytes of a page may be reserved for an extension; they begin at `usableBytes`.
 */
export function unallocatedRanges(page: Buffer, usableBytes: number): readonly ByteRange[] {
  const type = page[0] ?? 0;
  const isLeaf = leafTypes.has(type);
  if (!isLeaf && !innerTypes.has(type)) return [];
  const start = (isLeaf ? leafHeaderBytes : innerHeaderBytes) + 2 * page.readUInt16BE(3);
  const contentStart = page.readUInt16BE(5) || 65_536;
  if (start > contentStart || contentStart > usableBytes) return [];
  const ranges: ByteRange[] = start < contentStart ? [{ start, end: contentStart }] : [];
  for (let at = page.readUInt16BE(1), from = contentStart; at !== 0; at = page.readUInt16BE(at)) {
    if (at < from || at + freeblockHeaderBytes > usableBytes) return [];
    const end = at + page.readUInt16BE(at + 2);
    if (end < at + freeblockHeaderBytes || end > usableBytes) return [];
    if (end > at + freeblockHeaderBytes) ranges.push({ start: at + freeblockHeaderBytes, end });
    from = end;
  }
  return ranges;
}

/** Whether no cell begins within the ranges, as in every page that is not damaged. */
export function areFreeOfCells(page: Buffer, ranges: readonly ByteRange[]): boolean {
  return cellsOf(page, 0).every((cell) => !ranges.some(({ start, end }) => start <= cell && cell < end));
}

/** The numbers of the pages below an inner page of a tree; none where the page is not one. */
export function childrenOf(page: Buffer, number: number): readonly number[] {
  const header = number === 1 ? fileHeaderBytes : 0;
  if (!innerTypes.has(page[header] ?? 0)) return [];
  const lastChild = page.readUInt32BE(header + leafHeaderBytes);
  return [...cellsOf(page, header).map((cell) => page.readUInt32BE(cell)), lastChild];
}

/** Whether the bytes have the form of a page of a tree: its type, and cells that begin within the page. */
export function isTreePage(page: Buffer, number: number): boolean {
  const header = number === 1 ? fileHeaderBytes : 0;
  if (page.length <= header + innerHeaderBytes) return false;
  const pointers = pointersOf(page, header);
  if (pointers === null) return false;
  return cellsOf(page, header).every((cell) => cell >= pointers.end && cell + cellBytesMin <= page.length);
}

/** Where each cell begins. */
function cellsOf(page: Buffer, header: number): readonly number[] {
  const pointers = pointersOf(page, header);
  if (pointers === null) return [];
  const count = (pointers.end - pointers.start) / 2;
  return Array.from({ length: count }, (_, index) => page.readUInt16BE(pointers.start + 2 * index));
}

/** The array of cell pointers; null where the page does not begin like one of a tree. */
function pointersOf(page: Buffer, header: number): ByteRange | null {
  const type = page[header] ?? 0;
  const isLeaf = leafTypes.has(type);
  if (!isLeaf && !innerTypes.has(type)) return null;
  const start = header + (isLeaf ? leafHeaderBytes : innerHeaderBytes);
  const end = start + 2 * page.readUInt16BE(header + 3);
  return end <= page.length ? { start, end } : null;
}
