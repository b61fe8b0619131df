/**
 * Reads all pages of the SQLite file and finds the traces in unallocated space. SQLite overwrites what is deleted
 * (`secure_delete`), but not the copies of cells that it leaves in a page when it rebuilds the page. The file must
 * not change during a scan: SQLite moves cells between pages, and the scan would miss a copy that moves to a page
 * behind it.
 */
import type Sqlite from 'better-sqlite3';
import type { PageFile } from './page-file.ts';
import type { TextIndex } from './text-index.ts';
import { findInTrees, type TreePages } from './trees.ts';
import { type ByteRange, unallocatedRanges } from './unallocated.ts';

/** What a scan found: the pages to be wiped, and the traces in them. */
export interface FoundRemains extends TreePages {
  readonly traces: ReadonlySet<string>;
}

/**
 * Tables whose rows have pieces of the texts of many users, in a form that no trace looks like. All of the unallocated
 * space of their pages is wiped.
 */
const tablesOfPieces: readonly string[] = ['search_leaves'];

const pagesAtOnce = 256;
/** A cell pointer is at most so large. */
const pointerMax = 4_096;
/** As many as the largest page has. */
const zeros = Buffer.alloc(65_536);

/**
 * The traces that the file has; null where `mayGoOn` ended the scan. Page 1 is left out: it has definitions of
 * tables and never a row of one. `db` reads the state that the file holds.
 */
export function scan(
  db: Sqlite.Database,
  file: PageFile,
  { traces, mayGoOn }: { readonly traces: TextIndex; mayGoOn(): boolean },
): FoundRemains | null {
  const inPages = new Map<number, readonly string[]>();
  const notBlank = new Set<number>();
  const buffer = Buffer.alloc(pagesAtOnce * file.pageBytes);
  for (let first = 1, bytes = file.readInto(buffer, first); bytes.length > 0; ) {
    for (let page = first, at = 0; at < bytes.length; page++, at += file.pageBytes) {
      const found = page === 1 ? null : tracesIn(bytes.subarray(at, at + file.pageBytes), file, traces);
      if (found === null) continue;
      notBlank.add(page);
      if (found.length > 0) inPages.set(page, found);
    }
    if (!mayGoOn()) return null;
    first += bytes.length / file.pageBytes;
    bytes = file.readInto(buffer, first);
  }
  const ofPieces = findInTrees(file, rootsOf(db, tablesOfPieces), { wanted: notBlank });
  if (inPages.size === 0) return { ...ofPieces, traces: new Set() };
  const { pages, inner } = findInTrees(file, rootsOf(db), { wanted: new Set(inPages.keys()) });
  return {
    pages: pages.union(ofPieces.pages),
    inner: inner.union(ofPieces.inner),
    traces: new Set([...pages].flatMap((page) => inPages.get(page) ?? [])),
  };
}

/** The traces in the unallocated space of a page; null where that is blank. */
function tracesIn(page: Buffer, { usableBytes }: PageFile, traces: TextIndex): string[] | null {
  let found: string[] | null = null;
  for (const range of unallocatedRanges(page, usableBytes)) {
    if (isBlank(page, range)) continue;
    found = [...(found ?? []), ...traces.findIn(page.subarray(range.start, range.end))];
  }
  return found;
}

/** The roots of all tables and indexes, or of these tables. A virtual table has none, but its shadow tables do. */
export function rootsOf(db: Sqlite.Database, tables?: readonly string[]): readonly number[] {
  const all = db
    .prepare<[], { page: number; table: string }>(
      'select rootpage as page, tbl_name as "table" from sqlite_schema where rootpage > 0',
    )
    .all();
  const roots = all.filter(({ table }) => tables?.includes(table) !== false).map(({ page }) => page);
  return tables === undefined ? [1, ...roots] : roots;
}

/** Whether there are only zeros, or zeros after pointers of former cells, which are too small to be text. */
function isBlank(page: Buffer, { start, end }: ByteRange): boolean {
  let at = start;
  while (at < end && page.compare(zeros, 0, end - at, at, end) !== 0) {
    if (at + 1 === end || page.readUInt16BE(at) > pointerMax) return false;
    do at += 2;
    while (at + 1 < end && page.readUInt16BE(at) !== 0 && page.readUInt16BE(at) <= pointerMax);
  }
  return true;
}
