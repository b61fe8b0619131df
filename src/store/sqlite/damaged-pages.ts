/**
 * Names the damaged pages of a SQLite file. SQLite itself says only that the file is malformed where it gives up at a damaged
 * page. This walk reads every page of every tree from its root, past SQLite: a page is damaged if it cannot be read, or
 * does not have the form of a page of a tree (https://www.sqlite.org/fileformat2.html). Nothing is written.
 *
 * A page of the write-ahead log stands for the one in the file. The caller's database connection holds a read
 * transaction, so that neither the log begins anew nor a tree changes its pages during the walk.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import type Sqlite from 'better-sqlite3';
import { PageFile } from './remains/page-file.ts';
import { childrenOf, isTreePage } from './remains/unallocated.ts';

/** More of them are of no use to an operator. */
const pagesMax = 20;

interface Tree {
  readonly type: string;
  readonly name: string;
  readonly root: number;
}

/**
 * A line for each damaged page, with its table or index; empty where none is found. `descriptor` is that of the file in this
 * process (`page-file.ts`).
 */
export function damagedPages(db: Sqlite.Database, descriptor: number): string[] {
  const pages = new PageFile(descriptor);
  const path = `${db.name}-wal`;
  const log = existsSync(path) ? openSync(path, 'r') : null;
  try {
    const inLog = log === null ? new Map<number, number>() : pagesInLog(log, pages.pageBytes);
    return damagedAmong(db, (page) => {
      const at = inLog.get(page);
      if (log === null || at === undefined) return pages.read(page);
      const bytes = Buffer.alloc(pages.pageBytes);
      return bytes.subarray(0, readSync(log, bytes, 0, bytes.length, at));
    });
  } finally {
    if (log !== null) closeSync(log);
  }
}

function damagedAmong(db: Sqlite.Database, read: (page: number) => Buffer): string[] {
  const count = Number(db.pragma('page_count', { simple: true }));
  const found: string[] = [];
  const seen = new Set<number>();
  for (const { type, name, root } of treesOf(db)) {
    const left = [root];
    for (let page = left.pop(); page !== undefined; page = left.pop()) {
      if (seen.has(page)) continue;
      seen.add(page);
      const bytes = page > count ? null : ifReadable(() => read(page));
      if (bytes !== null && isTreePage(bytes, page)) left.push(...childrenOf(bytes, page));
      else if (found.push(`page ${page} of the ${type} ${name} is damaged`) >= pagesMax) return found;
    }
  }
  return found;
}

function treesOf(db: Sqlite.Database): readonly Tree[] {
  return db
    .prepare<[], Tree>('select type, name, rootpage as root from sqlite_schema where rootpage > 0')
    .all();
}

/** Null where the disk does not give it. */
function ifReadable(read: () => Buffer): Buffer | null {
  try {
    return read();
  } catch {
    return null;
  }
}

const logHeaderBytes = 32;
const frameHeaderBytes = 24;

/** Where the newest committed form of each page begins in the log (https://www.sqlite.org/fileformat2.html#walformat). */
function pagesInLog(log: number, pageBytes: number): ReadonlyMap<number, number> {
  const committed = new Map<number, number>();
  const open = new Map<number, number>();
  const header = Buffer.alloc(logHeaderBytes);
  const frame = Buffer.alloc(frameHeaderBytes);
  if (readSync(log, header, 0, header.length, 0) < header.length) return committed;
  for (let at = logHeaderBytes; readSync(log, frame, 0, frame.length, at) === frame.length; ) {
    // A frame with other salts is from before the log began anew.
    if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) break;
    open.set(frame.readUInt32BE(0), at + frameHeaderBytes);
    // The last frame of a commit has the size of the database.
    if (frame.readUInt32BE(4) !== 0) {
      for (const [page, start] of open) committed.set(page, start);
      open.clear();
    }
    at += frameHeaderBytes + pageBytes;
  }
  return committed;
}
