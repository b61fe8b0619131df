/**
 * Reads all pages of the SQLite file and finds the traces in bytes that hold nothing. SQLite overwrites what is
 * deleted (`secure_delete`), but not the copies of cells that it leaves in a page when it rebuilds the page. The file
 * must not change during a scan: SQLite moves cells between pages, and a copy that moved behind the scan would be missed.
 */
import type Sqlite from 'better-sqlite3';
import type { PageFile } from './page-file.ts';
import type { TextIndex } from './text-index.ts';
import { findInTrees, type TreePages } from './trees.ts';
import { type ByteRange, unallocatedRanges } from './unallocated.ts';

/** What a scan found. */
export interface FoundRemains extends TreePages {
  readonly traces: ReadonlySet<string>;
}

const pagesAtOnce = 256;
/** A cell pointer is at most so large. */
const pointerMax = 4_096;
/** As many as the largest page has. */
const zeros = Buffer.alloc(65_536);

/**
 * What there is of the traces; null where `mayGoOn` ended the scan. Page 1 is passed over: it has definitions of tables
 * and never a row of one. `db` reads the state that the file holds.
 */
export function scan(
  db: Sqlite.Database,
  file: PageFile,
  { traces, mayGoOn }: { readonly traces: TextIndex; mayGoOn(): boolean },
): FoundRemains | null {
  const inPages = new Map<number, readonly string[]>();
  const count = file.count();
  for (let first = 1; first <= count; first += pagesAtOnce) {
    if (!mayGoOn()) return null;
    const bytes = file.readSome(first, Math.min(pagesAtOnce, count - first + 1));
    for (let page = first, at = 0; at + file.pageBytes <= bytes.length; page++, at += file.pageBytes) {
      const found = page === 1 ? [] : tracesIn(bytes.subarray(at, at + file.pageBytes), file, traces);
      if (found.length > 0) inPages.set(page, found);
    }
  }
  if (inPages.size === 0) return { traces: new Set(), pages: new Set(), inner: new Set() };
  const { pages, inner } = findInTrees(file, rootsOf(db), { wanted: new Set(inPages.keys()) });
  return { pages, inner, traces: new Set([...pages].flatMap((page) => inPages.get(page) ?? [])) };
}

/** The traces in the bytes of a page that hold nothing. */
function tracesIn(page: Buffer, { usableBytes }: Pick<PageFile, 'usableBytes'>, traces: TextIndex): string[] {
  return unallocatedRanges(page, usableBytes)
    .filter((range) => !isBlank(page, range))
    .flatMap(({ start, end }) => traces.findIn(page.subarray(start, end)));
}

/** The roots of all tables and indexes. A virtual table has none, but its shadow tables do. */
export function rootsOf(db: Sqlite.Database): readonly number[] {
  const roots = db.prepare<[], number>('select rootpage from sqlite_schema where rootpage > 0').pluck().all();
  return [1, ...roots];
}

/** Whether there are only zeros, or zeros after pointers of former cells, which are too small to be text. */
function isBlank(page: Buffer, { start, end }: ByteRange): boolean {
  let at = start;
  while (at + 1 < end && page.readUInt16BE(at) <= pointerMax) at += 2;
  return at >= end || page.compare(zeros, 0, end - at, at, end) === 0;
}
