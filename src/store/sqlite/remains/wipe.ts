/**
 * Overwrites remains with zeros, past SQLite. It runs when the write-ahead log is empty, so that the file alone is
 * the database, and holds SQLite's lock to write, so that no connection of any process changes a page.
 *
 * Other connections still have the former bytes of those pages in their caches and would write them back with their
 * next change. So it ends with a commit: each connection drops its cache when another one has committed. The commit
 * has to come from a database connection that changes nothing else, because a connection keeps its own cache.
 */
import type Sqlite from 'better-sqlite3';
import type { PageFile } from './page-file.ts';
import { type FoundRemains, rootsOf } from './scan.ts';
import { findInTrees } from './trees.ts';
import { areFreeOfCells, unallocatedRanges } from './unallocated.ts';

export interface WipeParts {
  /** A database connection that no one else uses. */
  readonly db: Sqlite.Database;
  readonly file: Pick<PageFile, 'read' | 'zero' | 'sync' | 'usableBytes'>;
  /** The length of the write-ahead log. */
  logBytes(): number;
}

/**
 * Overwrites the unallocated space of the pages of a scan. It reads each page again first: a page that no longer
 * belongs to a tree does not change. Returns false, and changes nothing, where the log is no longer empty. Throws
 * `SQLITE_BUSY` where another connection writes. After any other fault the caller may repeat it.
 */
export function wipe(
  { db, file, logBytes }: WipeParts,
  { pages, inner }: Pick<FoundRemains, 'pages' | 'inner'>,
): boolean {
  db.exec('begin immediate');
  try {
    if (logBytes() > 0) return false;
    const { pages: present } = findInTrees(file, rootsOf(db), { wanted: pages, through: inner });
    for (const page of present) wipePage(file, page);
    file.sync();
    touch(db);
    db.exec('commit');
    return true;
  } finally {
    if (db.inTransaction) db.exec('rollback');
  }
}

function wipePage(file: WipeParts['file'], page: number): void {
  const bytes = file.read(page);
  const ranges = unallocatedRanges(bytes, file.usableBytes);
  if (!areFreeOfCells(bytes, ranges)) return;
  for (const range of ranges) file.zero(page, range);
}

/** Has every other connection of every process drop the pages in its cache. Throws `SQLITE_BUSY` as a change does. */
export function dropCaches(db: Sqlite.Database): void {
  db.exec('begin immediate');
  try {
    touch(db);
    db.exec('commit');
  } finally {
    if (db.inTransaction) db.exec('rollback');
  }
}

/** Writes a number in page 1 as it is, which makes the transaction one that changes the database. */
function touch(db: Sqlite.Database): void {
  db.pragma(`user_version = ${db.pragma('user_version', { simple: true })}`);
}
